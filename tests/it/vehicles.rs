//! `GET /vehicles` and `GET /vehicles/{slug}`.

use serde_json::json;

use crate::{
    fields,
    support::{Answer, World, mazda},
};

/// What chapter 2 of the contract says a vehicle has.
const VEHICLE_FIELDS: [&str; 45] = [
    "id",
    "record_id",
    "slug",
    "title",
    "titulo",
    "titulometa",
    "descripcion",
    "marca",
    "modelo",
    "autoano",
    "precio",
    "oferta",
    "con_oferta",
    "precio_final",
    "kilometraje",
    "transmision",
    "combustible",
    "carroceria",
    "clasificacionid",
    "AutoMotor",
    "cilindros",
    "enganchemin",
    "enganche_recomendado",
    "mensualidad_minima",
    "mensualidad_recomendada",
    "plazomax",
    "garantia",
    "ubicacion",
    "sucursal",
    "ordencompra",
    "ordenstatus",
    "separado",
    "vendido",
    "rezago",
    "en_reparacion",
    "utilitario",
    "numero_duenos",
    "promociones",
    "ingreso_inventario",
    "feature_image",
    "fotos_exterior_url",
    "fotos_interior_url",
    "created_at",
    "updated_at",
    "last_synced_at",
];

#[tokio::test]
async fn a_vehicle_has_exactly_the_fields_of_the_contract() {
    let world = World::start().await;
    let id = world.known(fields! { "Auto": "Mazda", "OrdenStatus": "Comprado" }).await;

    let listed = world.get("/vehicles").await.ok()["vehicles"][0].clone();
    let alone = world.get("/vehicles/mazda").await.ok();

    assert_eq!(listed, alone);
    let mut names: Vec<&str> = alone.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = VEHICLE_FIELDS.to_vec();
    names.sort_unstable();
    expected.sort_unstable();
    assert_eq!(names, expected);
    assert_eq!((&alone["id"], &alone["record_id"]), (&json!(id), &json!(id)));
    for list in [
        "clasificacionid",
        "ubicacion",
        "sucursal",
        "promociones",
        "fotos_exterior_url",
        "fotos_interior_url",
    ] {
        assert_eq!(alone[list], json!([]), "{list}");
    }
    for unknown in ["precio", "autoano", "marca", "kilometraje", "feature_image", "ingreso_inventario"] {
        assert_eq!(alone[unknown], json!(null), "{unknown}");
    }
    for time in ["created_at", "updated_at", "last_synced_at"] {
        assert!(
            chrono::DateTime::parse_from_rfc3339(alone[time].as_str().unwrap())
                .unwrap()
                .offset()
                .local_minus_utc()
                == 0
        );
    }
}

#[tokio::test]
async fn branches_have_their_display_names() {
    let world = World::start().await;
    world
        .known(fields! { "Auto": "A", "OrdenStatus": "Comprado", "Ubicacion": ["TMPS", "mty", "Otra"] })
        .await;

    let vehicle = world.get("/vehicles").await.ok()["vehicles"][0].clone();

    assert_eq!(vehicle["ubicacion"], json!(["TMPS", "mty", "Otra"]));
    assert_eq!(vehicle["sucursal"], json!(["Reynosa", "Monterrey", "Otra"]));
}

#[tokio::test]
async fn the_most_recently_updated_vehicle_comes_first() {
    let world = World::start().await;
    let first = world.known(fields! { "Auto": "First", "OrdenStatus": "Comprado" }).await;
    world.known(fields! { "Auto": "Second", "OrdenStatus": "Comprado" }).await;
    assert_eq!(world.listed_titles().await, ["Second", "First"]);

    world.airtable.edit(&first, fields! { "Precio": 5 });
    world.webhook(&first).await.ok();

    assert_eq!(world.listed_titles().await, ["First", "Second"]);
}

#[tokio::test]
async fn pages_neither_overlap_nor_skip_also_among_equals() {
    let world = World::start().await;
    let ids: Vec<String> = (0..25)
        .map(|number| {
            world.airtable.create(fields! { "Auto": format!("Auto {number}"), "OrdenStatus": "Comprado" })
        })
        .collect();
    // One transaction, so all have the same updated_at.
    world.post_webhook(&json!({ "recordIds": ids })).await.ok();

    let mut seen = Vec::new();
    for page in 1..=4 {
        let page = world.get(&format!("/vehicles?pageSize=7&page={page}")).await.ok();
        assert_eq!(
            (&page["totalCount"], &page["totalPages"], &page["pageSize"]),
            (&json!(25), &json!(4), &json!(7))
        );
        seen.extend(
            page["vehicles"]
                .as_array()
                .unwrap()
                .iter()
                .map(|vehicle| vehicle["id"].as_str().unwrap().to_owned()),
        );
    }

    let mut sorted = ids.clone();
    sorted.sort();
    assert_eq!(seen, sorted);
}

#[tokio::test]
async fn a_page_past_the_end_is_an_empty_list() {
    let world = World::start().await;
    world.known(mazda()).await;

    for (path, number) in [
        ("/vehicles?page=9", 9),
        ("/vehicles?page=4294967295&pageSize=100", u32::MAX),
        ("/vehicles?page=4294967296&pageSize=100", u32::MAX),
        ("/vehicles?page=99999999999999999999999999", u32::MAX),
        ("/rapid-processor?page=4294967296", u32::MAX),
    ] {
        let page = world.get(path).await.ok();
        assert_eq!(page["page"], number, "{path}");
        assert_eq!(
            (&page["vehicles"], &page["totalCount"], &page["totalPages"]),
            (&json!([]), &json!(1), &json!(1))
        );
    }
}

#[tokio::test]
async fn a_wrong_parameter_is_named_and_an_unknown_one_ignored() {
    let world = World::start().await;
    for (query, param) in
        [("page=0", "page"), ("page=x", "page"), ("pageSize=101", "pageSize"), ("pageSize=0", "pageSize")]
    {
        let problem = world.get(&format!("/vehicles?{query}")).await.problem(400);
        assert_eq!(problem["param"], param);
    }
    world.get("/vehicles?utm_source=face&fbclid=%FF%00&page=").await.ok();
}

#[tokio::test]
async fn addresses_that_nobody_has_are_404_and_problems() {
    let world = World::start().await;
    for path in
        ["/vehicles/nobody", "/vehicles/MAZDA", "/vehicles/%00", "/vehicles/a%2Fb", "/vehicles/'%20or%201=1"]
    {
        world.get(path).await.problem(404);
    }
}

#[tokio::test]
async fn a_response_has_a_validator_that_changes_exactly_when_the_body_does() {
    let world = World::start().await;
    let id = world.known(mazda()).await;
    for path in ["/vehicles", "/vehicles/mazda-3-sport-2-5-2020"] {
        let first = world.get(path).await;
        let etag = first.header("etag").to_owned();
        assert!(etag.starts_with('"') && etag.len() > 20, "{etag}");
        assert_eq!(first.header("cache-control"), "public, max-age=0, must-revalidate, stale-if-error=86400");
        assert_eq!((first.header("x-cache"), world.get(path).await.header("x-cache")), ("miss", "hit"));

        world.post_as_admin("/invalidate-cache").await.ok();
        assert_eq!(world.get(path).await.header("etag"), etag, "the same body");

        let not_modified = world.get_if_none_match(path, &format!("\"x\", W/{etag}")).await;
        assert_eq!((not_modified.status.as_u16(), not_modified.body.as_str()), (304, ""));
        assert_eq!(not_modified.header("etag"), etag);
    }
    let before = world.get("/vehicles").await.header("etag").to_owned();
    world.airtable.edit(&id, fields! { "Precio": 1 });
    world.webhook(&id).await.ok();
    let after = world.get_if_none_match("/vehicles", &before).await;
    assert_eq!(after.status.as_u16(), 200);
    assert_ne!(after.header("etag"), before);
    assert_eq!(after.header("surrogate-key"), format!("vehicles {id}"));
}

#[tokio::test]
async fn head_answers_like_get_without_a_body() {
    let world = World::start().await;
    world.known(mazda()).await;
    for path in ["/vehicles", "/vehicles/mazda-3-sport-2-5-2020", "/cache-stats", "/healthz"] {
        let get = world.get(path).await;
        let head = Answer::read(world.http.head(format!("{}{path}", world.url)).send().await.unwrap()).await;
        assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
        assert_eq!(head.header("etag"), get.header("etag"));
    }
}

#[tokio::test]
async fn browsers_of_any_origin_may_read_the_public_routes() {
    let world = World::start().await;
    let request = world.http.get(format!("{}/vehicles", world.url)).header("origin", "https://shop.example");
    let answer = Answer::read(request.send().await.unwrap()).await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert!(world.get("/healthz").await.header("access-control-allow-origin").is_empty());
}

#[tokio::test]
async fn a_search_without_a_word_finds_nothing() {
    let world = World::start().await;
    world.known(mazda()).await;
    for rubbish in ["%F0%9F%9A%97", "%C2%BF%3F", "---", "mazda&search=!"] {
        let list = world.get(&format!("/vehicles?search={rubbish}")).await.ok();
        assert_eq!((&list["totalCount"], &list["totalPages"]), (&json!(0), &json!(0)), "{rubbish}");
        let facets = world.get(&format!("/vehicles/facets?search={rubbish}")).await.ok();
        assert_eq!((&facets["totalCount"], &facets["marcas"]), (&json!(0), &json!([])), "{rubbish}");
    }
    for none in ["", "%20"] {
        assert_eq!(
            world.get(&format!("/vehicles?search={none}")).await.ok()["totalCount"],
            1,
            "nothing was searched"
        );
    }
}

#[tokio::test]
async fn a_branch_is_shown_once_by_whatever_names_it_stands_in_airtable() {
    let world = World::start().await;
    let mut car = mazda();
    car.extend(fields! { "Ubicacion": ["GPE", "Monterrey", "MTY", "Otra"] });
    world.known(car).await;
    let branches = json!(["Guadalupe", "Monterrey", "Otra"]);
    assert_eq!(world.get("/vehicles").await.ok()["vehicles"][0]["sucursal"], branches);
    assert_eq!(world.get("/vehicles/mazda-3-sport-2-5-2020").await.ok()["sucursal"], branches);
    for counted in world.get("/vehicles/facets").await.ok()["sucursales"].as_array().unwrap() {
        assert_eq!(counted["count"], 1, "{counted}");
    }
}

#[tokio::test]
async fn a_branch_is_one_however_its_code_and_its_name_are_written() {
    let world = World::start().await;
    for (title, places) in [
        ("a", &["MTY", "monterrey"][..]),
        ("b", &["MONTERREY ", "mty", "Monterréy", "Otra", "OTRA"]),
        ("c", &["guadalupe", "Monterrey"]),
    ] {
        let fields =
            fields! { "Auto": title, "ligawp": title, "OrdenStatus": "Comprado", "Ubicacion": places };
        world.known(fields).await;
    }
    for (slug, branches) in [
        ("a", json!(["Monterrey"])),
        ("b", json!(["Monterrey", "Otra"])),
        ("c", json!(["Guadalupe", "Monterrey"])),
    ] {
        assert_eq!(world.get(&format!("/vehicles/{slug}")).await.ok()["sucursal"], branches, "{slug}");
        let listed = world.get(&format!("/vehicles?search={slug}")).await.ok();
        assert_eq!(listed["vehicles"][0]["sucursal"], branches, "{slug}");
    }
    let counted = json!([
        { "name": "Monterrey", "count": 3 },
        { "name": "Guadalupe", "count": 1 },
        { "name": "Otra", "count": 1 },
    ]);
    assert_eq!(world.get("/vehicles/facets").await.ok()["sucursales"], counted);
}

/// The brands of what a search finds, in order.
async fn brands(world: &World, query: &str) -> Vec<String> {
    let list = world.get(&format!("/vehicles?{query}")).await.ok();
    let vehicles = list["vehicles"].as_array().unwrap().iter();
    vehicles.map(|vehicle| vehicle["marca"].as_str().unwrap().to_owned()).collect()
}

async fn models(models: &[(&str, &str)]) -> World {
    let world = World::start().await;
    for (brand, model) in models {
        world
            .known(fields! { "AutoMarca": *brand, "AutoSubmarcaVersion": *model, "OrdenStatus": "Comprado", "descripcion": "A 5 km de la v 2" })
            .await;
    }
    world
}

#[tokio::test]
async fn a_model_is_found_with_hyphen_space_or_neither_and_strangers_are_not() {
    let world = models(&[
        ("Mazda", "i-CX-5-2018 Grand"),
        ("Ford", "F150 XL"),
        ("Honda", "CR V Touring"),
        ("Nissan", "X Trail"),
        ("Crosstrek", "Vitara 500"),
        ("Ram", "Pick‑Up"),
        ("Mercedes–Benz", "Clase A 200"),
    ])
    .await;
    for (query, found) in [
        ("search=cx5", &["Mazda"][..]),
        ("search=cx-5", &["Mazda"]),
        ("search=CX%E2%80%935", &["Mazda"]),
        ("search=cx-5-2018", &["Mazda"]),
        ("search=52018", &[]),
        ("search=F-150", &["Ford"]),
        ("search=f-15", &["Ford"]),
        ("search=cr-v", &["Honda"]),
        ("search=crv+touring", &["Honda"]),
        ("search=x-trail", &["Nissan"]),
        ("search=x-trial", &["Nissan"]),
        ("search=pickup", &["Ram"]),
        ("search=pick-up", &["Ram"]),
        ("search=pick-pu", &["Ram"]),
        ("search=a-200", &["Mercedes–Benz"]),
        ("search=mercedesbenz", &["Mercedes–Benz"]),
        ("search=clasea200", &["Mercedes–Benz"]),
        ("search=x+trail", &["Nissan"]),
        ("search=xtrail", &["Nissan"]),
        ("search=nissanxtra", &["Nissan"]),
        ("search=f+150", &["Ford"]),
        ("search=honda-cr-v", &["Honda"]),
        ("search=honda-crv-touring", &["Honda"]),
        ("search=cr+v", &["Honda", "Crosstrek"]),
        ("search=merzedes-benz", &["Mercedes–Benz"]),
        ("marca=Mercedes-Benz", &["Mercedes–Benz"]),
        ("search=c-v", &[]),
        ("search=v-5", &[]),
    ] {
        assert_eq!(brands(&world, query).await, found, "{query}");
    }
}

#[tokio::test]
async fn case_does_not_count_in_any_alphabet() {
    let world = models(&[("Æon", "Straße"), ("Лада", "Ꙗ"), ("ⴀ", "Ꭰꮁ")]).await;
    for (query, found) in [
        ("search=%C3%A6on", "Æon"),
        ("search=aeon", "Æon"),
        ("search=STRASSE", "Æon"),
        ("search=STRA%E1%BA%9EE", "Æon"),
        ("marca=%C3%A6ON", "Æon"),
        ("search=%EA%99%97", "Лада"),
        ("search=%EA%AD%B0%E1%8E%B1", "ⴀ"),
        ("marca=%E1%82%A0", "ⴀ"),
    ] {
        assert_eq!(brands(&world, query).await, [found], "{query}");
    }
}

#[tokio::test]
async fn a_number_with_a_point_is_one_word() {
    let world = models(&[
        ("Jetta", "2.5 Style"),
        ("Beetle", "2.5L"),
        ("Vento", "5 puertas 2020"),
        ("Golf", "2.0 5p"),
    ])
    .await;
    let mut found = brands(&world, "search=2.5").await;
    found.sort();
    assert_eq!(found, ["Beetle", "Jetta"]);
    assert_eq!(brands(&world, "search=2.5+style").await, ["Jetta"]);
    assert_eq!(brands(&world, "search=2.").await.len(), 4, "still being written");
}

#[tokio::test]
async fn what_is_nearest_to_a_misspelt_word_comes_first() {
    let world = models(&[("Altimate", "a"), ("Ultimate", "b"), ("Ultimamente", "c"), ("Otra", "d")]).await;
    assert_eq!(brands(&world, "search=ultimaet").await, ["Ultimate", "Altimate"]);
    assert_eq!(brands(&world, "search=ultimamet").await, ["Ultimamente", "Ultimate"]);
}

#[tokio::test]
async fn a_model_comes_before_others_that_have_its_number_somewhere() {
    let world = models(&[("Mazda", "CX-3 3 puertas"), ("Mazda", "CX-30"), ("Mazda", "3 Sport")]).await;
    let titles = async |query: &str| -> Vec<String> {
        let list = world.get(&format!("/vehicles?{query}")).await.ok();
        list["vehicles"]
            .as_array()
            .unwrap()
            .iter()
            .map(|car| car["modelo"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(titles("search=mazda+3").await[0], "3 Sport");
    assert_eq!(titles("search=mazda3").await, ["3 Sport"]);
}

#[tokio::test]
async fn a_slip_in_a_description_does_not_hide_the_name_that_was_meant() {
    let world = models(&[("Hyundai", "Creta"), ("Kia", "Rio")]).await;
    let car =
        fields! { "AutoMarca": "Seat", "OrdenStatus": "Comprado", "descripcion": "Mejor que un Hiundai" };
    world.known(car).await;
    assert_eq!(brands(&world, "search=hiundai").await, ["Hyundai", "Seat"]);
}

#[tokio::test]
async fn odd_numbers_and_signs_are_found_as_they_are_written() {
    let world = models(&[("v1.2.3", "Hilux 4×4"), ("TDI1.6.2", "2.5-turbo")]).await;
    for (query, found) in [
        ("search=v1.2.3", "v1.2.3"),
        ("search=hilux+4x4", "v1.2.3"),
        ("search=4%C3%974", "v1.2.3"),
        ("search=TDI1.6.2", "TDI1.6.2"),
        ("search=2.5-tu", "TDI1.6.2"),
    ] {
        assert_eq!(brands(&world, query).await, [found], "{query}");
    }
}

#[tokio::test]
async fn a_vehicle_is_found_by_its_own_title_however_long_it_is() {
    let title = format!(
        "Peugeot 3008-2020 CX-5 2.5-Turbo Édition {} {}",
        "palabra-larga ".repeat(30),
        "x".repeat(90)
    );
    let world = models(&[("Kia", "Rio")]).await;
    world.known(fields! { "Auto": title.as_str(), "OrdenStatus": "Comprado" }).await;
    let query: String = form_urlencoded::byte_serialize(title.as_bytes()).collect();
    let list = world.get(&format!("/vehicles?search={query}")).await.ok();
    assert_eq!((&list["totalCount"], &list["vehicles"][0]["title"]), (&json!(1), &json!(title.trim())));
}

#[tokio::test]
async fn the_final_price_is_the_reduced_one_while_it_is_on_and_lower() {
    let world = World::start().await;
    for (title, price, reduced, is_on, is_final) in [
        ("a", json!(200), json!(150.5), true, json!(150.5)),
        ("b", json!(200), json!(150), false, json!(200)),
        ("c", json!(200), json!(250), true, json!(200)),
        ("d", json!(200), json!(null), true, json!(200)),
        ("e", json!(null), json!(100), true, json!(null)),
    ] {
        let car = fields! { "Auto": title, "ligawp": title, "OrdenStatus": "Comprado", "Precio": price, "Oferta": reduced, "Con Oferta": is_on };
        world.known(car).await;
        assert_eq!(world.get(&format!("/vehicles/{title}")).await.ok()["precio_final"], is_final, "{title}");
    }
    let titles = async |query: &str| -> Vec<String> {
        let list = world.get(&format!("/vehicles?{query}")).await.ok();
        list["vehicles"]
            .as_array()
            .unwrap()
            .iter()
            .map(|car| car["title"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(titles("maxPrice=199").await, ["a"]);
    assert_eq!(titles("orderby=price-asc").await[0], "a");
    let facets = world.get("/vehicles/facets").await.ok();
    assert_eq!((&facets["minPrice"], &facets["maxPrice"]), (&json!(150.5), &json!(200)));
}

#[tokio::test]
async fn a_model_is_filtered_by_whole_words_from_its_beginning() {
    let world = models(&[
        ("Toyota", "Corolla LE"),
        ("Toyota", "Corollas"),
        ("Mazda", "CX-5 Grand"),
        ("Mazda", "CX-50"),
    ])
    .await;
    for (query, count) in
        [("modelo=corolla", 1), ("modelo=CX-5", 1), ("modelo=COROLLA+LE&modelo=cx-50", 2), ("modelo=LE", 0)]
    {
        assert_eq!(world.get(&format!("/vehicles?{query}")).await.ok()["totalCount"], count, "{query}");
    }
}
