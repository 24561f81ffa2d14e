use std::sync::Arc;

use bytes::Bytes;

use super::*;

async fn with_pictures() -> Setup {
    let pictures = Arc::new(|name: &str| {
        matches!(name, "attA1b2C3d4E5f6G7" | "jetta/front.jpg")
            .then(|| ("image/jpeg", Bytes::from(name.to_owned())))
    });
    setup_with(Options { rate_limit: None, pictures: Some(pictures), ..Options::default() }).await
}

impl Setup {
    async fn fetch(&self, url: &str) -> (u16, String, String) {
        let response = self.http.get(url).send().await.unwrap();
        let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
        (response.status().as_u16(), content_type, response.text().await.unwrap())
    }
}

fn attachment(id: &str) -> Value {
    json!([{"id": id, "filename": "front.jpg", "type": "image/jpeg", "size": 5, "width": 40, "height": 30}])
}

#[tokio::test]
async fn attachment_urls_change_without_an_edit_and_die() {
    let setup = with_pictures().await;
    let id = setup.simulator.create(cells(json!({"fotos_exterior_url": attachment("attA1b2C3d4E5f6G7")})));
    let read = async || {
        let (_, record) = setup.get(&setup.table(&format!("/{id}"))).await;
        record["fields"]["fotos_exterior_url"][0].clone()
    };
    let first = read().await;
    assert_eq!(first["filename"], "front.jpg");
    let url = first["url"].as_str().unwrap();
    let picture = (200, "image/jpeg".to_owned(), "attA1b2C3d4E5f6G7".to_owned());
    assert_eq!(setup.fetch(url).await, picture);
    assert_eq!(setup.fetch(first["thumbnails"]["large"]["url"].as_str().unwrap()).await, picture);

    setup.simulator.advance(Duration::from_hours(2));
    let second = read().await;
    assert_ne!(second["url"], first["url"]);
    setup.simulator.advance(Duration::from_hours(2));
    assert_eq!(setup.fetch(url).await.0, 410);
    assert_eq!(setup.fetch(second["url"].as_str().unwrap()).await, picture);
}

#[tokio::test]
async fn a_picture_that_is_not_there_is_not_found() {
    let setup = with_pictures().await;
    let id = setup.simulator.create(cells(json!({"fotos_exterior_url": attachment("attOther000000000")})));
    let (_, record) = setup.get(&setup.table(&format!("/{id}"))).await;
    assert_eq!(setup.fetch(record["fields"]["fotos_exterior_url"][0]["url"].as_str().unwrap()).await.0, 404);
    for path in ["/attachments/attA1b2C3d4E5f6G7", "/photos/none.jpg"] {
        assert_eq!(setup.fetch(&format!("{}{path}", setup.simulator.url())).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn photos_have_lasting_urls() {
    let setup = with_pictures().await;
    let url = format!("{}/photos/jetta/front.jpg", setup.simulator.url());
    setup.simulator.advance(Duration::from_hours(48));
    assert_eq!(setup.fetch(&url).await, (200, "image/jpeg".to_owned(), "jetta/front.jpg".to_owned()));
}

#[tokio::test]
async fn an_attachment_given_by_its_url_gets_an_id() {
    let setup = setup().await;
    let body = json!({"fields": {"fotos_exterior_url": [{"url": "http://127.0.0.1:1/a.jpg"}]}});
    let (_, made) = setup.send(Method::POST, "", &body).await;
    let attachment = &made["fields"]["fotos_exterior_url"][0];
    assert!(attachment["id"].as_str().unwrap().starts_with("att"), "{made}");
    assert_eq!(attachment["url"], "http://127.0.0.1:1/a.jpg");
}
