//! Spanish.

use super::Advice;
use crate::{airtable::Kind, alerts::Rule, http::dashboard::wrong::Wrong};

pub(in crate::http::dashboard::texts) fn airtable(kind: Kind) -> Advice {
    let (cause, remedy) = match kind {
        Kind::RateLimited => (
            "Airtable pidió ir más despacio",
            "Nada, si es raro: vitrina espera. Si no, busque qué más lee esta base o baje airtable.requests_per_second.",
        ),
        Kind::QuotaUsedUp => (
            "Se agotaron las llamadas del mes",
            "Suba el plan de Airtable y pulse «Volver a llamar a Airtable», o espere al primero del mes (UTC).",
        ),
        Kind::Unavailable => (
            "Airtable está fallando",
            "Nada al principio: vitrina reintenta. Si dura, vea https://status.airtable.com.",
        ),
        Kind::TimedOut => (
            "Airtable no respondió a tiempo",
            "Nada al principio: vitrina reintenta. Si dura, revise la red, baje airtable.page_size o suba airtable.request_timeout.",
        ),
        Kind::Unreachable => (
            "No se alcanza Airtable",
            "Revise la red, el DNS y el proxy de esta máquina, y AIRTABLE_API_URL; vitrina reintenta sola.",
        ),
        Kind::BrokenResponse => (
            "Airtable respondió algo ilegible",
            "Revise que AIRTABLE_API_URL sea la de Airtable y que ningún proxy responda en su lugar; vitrina reintenta sola.",
        ),
        Kind::TooLarge => (
            "La respuesta de Airtable es demasiado grande",
            "Baje airtable.page_size o suba airtable.max_response_bytes.",
        ),
        Kind::Unauthorized => (
            "Airtable rechaza el token",
            "Ponga en AIRTABLE_API_KEY un token personal válido: este está mal o fue revocado. Reinicie después.",
        ),
        Kind::Forbidden => (
            "El token no alcanza la base",
            "Revise AIRTABLE_BASE_ID y AIRTABLE_TABLE_ID, y dé al token acceso a la base y los permisos data.records:read y schema.bases:read.",
        ),
        Kind::NotFound => (
            "Airtable no conoce la base o la tabla",
            "Revise AIRTABLE_BASE_ID, AIRTABLE_TABLE_ID y AIRTABLE_API_URL.",
        ),
        Kind::IteratorLost => {
            ("Airtable olvidó la lista a medias", "Nada: la lista empieza de nuevo desde su primera página.")
        }
        Kind::InvalidRequest => (
            "Airtable no entendió la consulta",
            "Lea su mensaje: lo más probable es que un campo de la configuración cambió de nombre o ya no existe.",
        ),
    };
    Advice { cause, remedy }
}

pub(in crate::http::dashboard::texts) fn alert(rule: Rule) -> Advice {
    let (cause, remedy) = match rule {
        Rule::AirtableRefuses => (
            "Airtable rechaza a vitrina",
            "Ponga en AIRTABLE_API_KEY un token válido con los permisos data.records:read y schema.bases:read, revise AIRTABLE_BASE_ID y \
             AIRTABLE_TABLE_ID, y reinicie. Lo que se avisó mientras tanto espera en la cola y se sincroniza entonces.",
        ),
        Rule::QuotaUsedUp => (
            "Se agotaron las llamadas del mes a Airtable",
            "Suba el plan de Airtable y pulse «Volver a llamar a Airtable», o espere al primero del mes (UTC). Hasta entonces el sitio muestra lo último conocido.",
        ),
        Rule::BrakePulled => (
            "Demasiados autos saldrían de la lista",
            "Mire la tabla en Airtable: ¿se vació, o cambió OrdenStatus? Si los autos de verdad se vendieron, pulse «Sincronizar todo» y \
             marque que va sin el freno; hasta entonces nada sale de la lista.",
        ),
        Rule::NightlyFailing => (
            "Varias noches sin corrida completa",
            "Remedie lo que dice el error de la corrida y pulse «Sincronizar todo». Hasta entonces solo los avisos y las puestas al día \
             mantienen el sitio, y lo que desapareció de Airtable puede seguir publicado.",
        ),
        Rule::NightlyFailed => (
            "Faltó la corrida completa de anoche",
            "Remedie lo que dice el error de la corrida y pulse «Sincronizar todo». Hasta entonces solo los avisos y las puestas al día \
             mantienen el sitio.",
        ),
        Rule::QueueOld => (
            "Hay registros que esperan demasiado",
            "Vea por qué no se sincroniza el más antiguo: casi siempre es Airtable o el token. Remediado eso, la cola se vacía sola.",
        ),
        Rule::DeadRecords => (
            "Hay registros sin más intentos",
            "Remedie lo que dicen sus errores y repítalos con «Repetir todo lo fallido».",
        ),
        Rule::SuccessRate => (
            "Fallan demasiadas sincronizaciones",
            "Lea los errores y avisos recientes, remedie su causa y pulse «Repetir todo lo fallido».",
        ),
        Rule::Slow => (
            "Las sincronizaciones tardan demasiado",
            "Vea en los tiempos del registro qué parte tarda: la espera (muchas ediciones a la vez), Airtable o la base de datos.",
        ),
        Rule::Errors => (
            "Muchos errores en una hora",
            "Lea los últimos errores, haga lo que dice cada uno y pulse «Repetir todo lo fallido».",
        ),
        Rule::FieldsMissing => (
            "Falta en Airtable un campo configurado",
            "Restaure o renombre el campo en Airtable, o ponga el actual en config/fields.toml; mientras tanto su columna guarda lo último. \
             «vitrina doctor» dice cuáles se parecen.",
        ),
        Rule::ListenerDown => (
            "No se oyen los cambios de otras instancias",
            "Revise que DATABASE_URL lleve a PostgreSQL mismo o al puerto de sesión del pooler, y que las conexiones duren.",
        ),
        Rule::WebhookDead => (
            "El webhook de Airtable está muerto",
            "Ejecute «vitrina webhook list» y «vitrina webhook create», y revise que el token tenga el permiso webhook:manage. Mientras tanto \
             las puestas al día mantienen el sitio, con minutos de retraso.",
        ),
    };
    Advice { cause, remedy }
}

pub(in crate::http::dashboard::texts) fn trouble(wrong: Wrong) -> Advice {
    let (cause, remedy) = match wrong {
        Wrong::Page => ("Aquí no hay nada", "La dirección no es de ninguna página del panel."),
        Wrong::Run => ("No hay una corrida con ese número", "Búsquela entre las corridas del panel."),
        Wrong::Action => ("El panel no tiene esa acción", "Elija una de las del panel."),
        Wrong::Record => (
            "Eso no es un registro de Airtable",
            "El id de un registro es como recA1b2C3d4E5f6G7. Elija el auto en el panel.",
        ),
        Wrong::Form => (
            "El formulario ya no vale",
            "Es de una sesión anterior o vino de otro sitio, y no se hizo nada. Vuelva al panel e inténtelo de nuevo.",
        ),
        Wrong::Method => {
            ("Esa dirección no es una página", "Sirve para enviar un formulario del panel. No se hizo nada.")
        }
        Wrong::Away => (
            "No se alcanza la base de datos",
            "El sitio sigue con las últimas respuestas conocidas. Revise PostgreSQL y DATABASE_URL, y vuelva a intentarlo.",
        ),
        Wrong::Broken => (
            "Algo falló aquí",
            "El registro del servicio dice qué, con el id de esta petición. Inténtelo de nuevo.",
        ),
        Wrong::Request => ("La petición no se entiende", "Vuelva al panel e inténtelo de nuevo."),
    };
    Advice { cause, remedy }
}
