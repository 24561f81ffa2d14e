//! The shop page of the demo and the files of all pages.

use crate::support::World;

const PHOTOS: &str = "https://photos.example.mx";

async fn shop() -> World {
    World::set("shop.page", "true").set("shop.photo_origins", format!("[\"{PHOTOS}\"]")).start().await
}

/// The addresses in a page that a browser loads by itself.
fn loaded(html: &str) -> Vec<&str> {
    let parts = html.split_once("</head>").unwrap().0.split(['"']);
    parts.filter(|part| part.starts_with("/assets/") || part.contains("://")).collect()
}

#[tokio::test]
async fn the_shop_page_loads_its_photos_from_their_origins_and_nothing_else_from_elsewhere() {
    let world = shop().await;
    for path in ["/", "/autos/mazda-3-sport-2-5-2020"] {
        let page = world.get(path).await;
        assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
        let policy = page.header("content-security-policy");
        assert!(policy.contains(&format!("img-src 'self' {PHOTOS};")), "{policy}");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert!(loaded(&page.body).len() >= 4);
        assert!(loaded(&page.body).iter().all(|address| address.starts_with("/assets/")), "{}", page.body);
        assert!(!page.body.contains("style=") && !page.body.contains("<style"), "{}", page.body);
    }
}

#[tokio::test]
async fn files_of_pages_may_be_kept_for_ever_under_the_address_that_a_page_gives() {
    let world = shop().await;
    let page = world.get("/").await.body;
    for address in loaded(&page) {
        let file = world.get(address).await;
        assert_eq!(file.status, 200, "{address}");
        assert_eq!(file.header("cache-control"), "public, max-age=31536000, immutable");
        let (path, _) = address.split_once('?').unwrap();
        assert_eq!(world.get(&format!("{path}?v=old")).await.header("cache-control"), "no-cache");
    }
    world.get("/assets/nothing.css").await.problem(404);
    world.get("/assets/..%2Fshop.rs").await.problem(404);
}

#[tokio::test]
async fn there_is_no_shop_page_unless_it_is_wanted() {
    let world = World::start().await;
    for path in ["/", "/autos/mazda-3-sport-2-5-2020"] {
        world.get(path).await.problem(404);
    }
}
