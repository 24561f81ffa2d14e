//! What the tests stand on: a PostgreSQL, an Airtable, and the service between them, all real and all their own.
//!
//! A test starts a [`World`], changes something in `world.airtable`, tells vitrina with [`World::webhook`] and looks with
//! [`World::get`]. Everything goes over HTTP. When something takes its time, [`eventually`] waits for it; only the
//! chaos tests pause by the clock.

mod answer;
mod door;
mod mail;
mod postgres;
mod program;
pub mod proxy;
mod receiver;
mod world;

use std::{future::Future, time::Duration};

pub use self::{
    answer::Answer,
    door::Door,
    mail::{MailServer, Offers},
    postgres::Database,
    program::Program,
    receiver::Receiver,
    world::{ADMIN_TOKEN, Instance, Setting, WEBHOOK_SECRET, World},
};

/// Waits until the condition holds; fails after 20 seconds, which only a broken promise takes.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let patience = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(20), patience).await.is_ok(), "{what}");
}

/// The fields of an Airtable record.
#[macro_export]
macro_rules! fields {
    ($($fields:tt)*) => {
        match serde_json::json!({ $($fields)* }) {
            serde_json::Value::Object(fields) => fields,
            _ => unreachable!(),
        }
    };
}

/// A vehicle that is listed.
pub fn mazda() -> serde_json::Map<String, serde_json::Value> {
    fields! {
        "AutoMarca": "Mazda", "AutoSubmarcaVersion": "3 Sport 2.5", "AutoAno": 2020, "Precio": 329_900,
        "autokilometraje": 45_000, "OrdenStatus": "Comprado", "OrdenCompra": "OC-04123", "Ubicacion": ["MTY"]
    }
}
