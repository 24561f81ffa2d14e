use super::*;
use crate::simulator::FieldKind;

async fn fields(setup: &Setup) -> Vec<(String, String, String)> {
    let (status, schema) = setup.get(&format!("/v0/meta/bases/{}/tables", setup.simulator.base_id())).await;
    assert_eq!(status, 200);
    let table = &schema["tables"][0];
    assert_eq!(table["id"], setup.simulator.table_id());
    let fields = table["fields"].as_array().unwrap();
    assert_eq!(table["primaryFieldId"], fields[0]["id"]);
    let text = |field: &Value, key: &str| field[key].as_str().unwrap().to_owned();
    fields.iter().map(|field| (text(field, "id"), text(field, "name"), text(field, "type"))).collect()
}

#[tokio::test]
async fn the_schema_follows_what_people_do_to_the_fields() {
    let setup = setup().await;
    let id = setup.simulator.create(cells(json!({"Precio": 5})));
    let record = setup.table(&format!("/{id}"));
    let precio = setup.simulator.field_id("Precio").unwrap();
    let entry = |name: &str, kind: &str| (precio.clone(), name.to_owned(), kind.to_owned());
    assert!(fields(&setup).await.contains(&entry("Precio", "currency")));

    assert!(setup.simulator.rename_field("Precio", "Precio Contado"));
    assert!(setup.simulator.retype_field("Precio Contado", FieldKind::Number));
    assert!(fields(&setup).await.contains(&entry("Precio Contado", "number")));
    assert_eq!(setup.get(&record).await.1["fields"], json!({"Precio Contado": 5}));
    let (_, by_id) = setup.get(&format!("{record}?returnFieldsByFieldId=true")).await;
    assert_eq!(by_id["fields"], json!({&precio: 5}));
    assert_eq!(setup.list(&[("fields[]", "Precio")]).await.0, 422);
    assert_eq!(
        setup.list(&[("filterByFormula", &format!("{{{precio}}}=5"))]).await.1["records"][0]["id"],
        id
    );

    assert!(setup.simulator.remove_field("Precio Contado"));
    let again = setup.simulator.add_field("Precio Contado", FieldKind::Number);
    assert_ne!(again, precio);
    assert_eq!(setup.get(&record).await.1["fields"], json!({}), "a new field does not inherit cells");
    assert!(!setup.simulator.rename_field("Nope", "x"));
}

#[tokio::test]
async fn a_cell_under_a_new_name_makes_a_field() {
    let setup = setup().await;
    let id = setup.simulator.create(cells(json!({"Nuevo": true})));
    assert_eq!(fields(&setup).await.last().unwrap().2, "checkbox");
    assert_eq!(setup.simulator.record(&id).unwrap().fields, cells(json!({"Nuevo": true})));
}

#[tokio::test]
async fn the_account_names_its_base() {
    let setup = setup().await;
    assert_eq!(setup.get("/v0/meta/bases").await.1["bases"][0]["id"], setup.simulator.base_id());
    assert!(setup.get("/v0/meta/whoami").await.1["id"].as_str().unwrap().starts_with("usr"));
}
