//! Spanish.

use super::{Advice, Question, Texts};
use crate::{airtable::Kind, alerts::Rule, domain::Trigger};

pub(in crate::http::dashboard) static ES: Texts = Texts {
    code: "es",
    other_code: "en",
    other_name: "English",
    panel: "Panel",
    tagline: "Airtable y el sitio, al paso",
    skip: "Ir al contenido",
    log_out: "Salir",
    live: "En vivo",
    live_off: "Sin actualización automática",
    live_lost: "Sin conexión; reintentando",
    session_over: "La sesión terminó",
    refresh: "Actualizar",
    back: "Volver al panel",
    months: ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"],
    times_in: |zone| format!("Horas de {zone}"),

    login_title: "Entrar al panel",
    login_lead: "Con el token de los operadores, el que está en ADMIN_TOKEN.",
    login_token: "Token de operador",
    login_button: "Entrar",
    login_wrong: "Ese no es el token de los operadores. Revise que esté completo y sin espacios.",
    login_wait: |seconds| format!("Demasiados intentos. Espere {seconds} s y vuelva a intentarlo."),
    login_elsewhere: "El formulario vino de otro sitio y no se tomó en cuenta. Inténtelo aquí.",
    logged_out: "La sesión está cerrada.",

    all_well: "Todo en orden",
    all_well_detail: "Ninguna alerta, y cada indicador cumple su meta.",
    look_at: |n| {
        if n == 1 { "Hay 1 cosa que mirar".to_owned() } else { format!("Hay {n} cosas que mirar") }
    },
    broken: |n| {
        if n == 1 { "1 alerta urgente".to_owned() } else { format!("{n} alertas urgentes") }
    },
    database_away: "No se alcanza la base de datos",
    database_away_detail: "El sitio sigue con las últimas respuestas conocidas. Revise PostgreSQL y DATABASE_URL; al volver, todo se recupera solo.",
    as_of: |time| format!("Datos de las {time}"),

    kpis: "Indicadores",
    last_24_hours: "Últimas 24 horas",
    success_rate: "Éxito",
    error_rate: "Errores",
    average_duration: "Duración media",
    consistency: "De Airtable al sitio",
    cache_hit_rate: "Aciertos del caché",
    nightly_success: "Nocturnas",
    queue_depth: "En cola",
    api_calls: "Llamadas a Airtable",
    syncs: |n| format!("{n} sincronizaciones"),
    errors_and_warnings: |errors, warnings| format!("{errors} errores, {warnings} avisos"),
    p95: |value| format!("95 de cada 100 en {value}"),
    consistency_hint: "Desde la edición hasta que se ve",
    this_instance: "En esta instancia, desde que arrancó",
    seven_nights: "Las últimas siete noches",
    oldest_waits: |time| format!("El más antiguo espera {time}"),
    nothing_waits: "Nada espera",
    given_up: |n| {
        if n == 1 {
            "1 registro sin más intentos".to_owned()
        } else {
            format!("{n} registros sin más intentos")
        }
    },
    of_the_month: |share, allowed| format!("{share} de {allowed} al mes"),
    this_month: "Este mes, entre todas las instancias",
    no_figure: "—",
    target_above: |value| format!("Meta: más de {value}"),
    target_below: |value| format!("Meta: menos de {value}"),
    target_at_least: |value| format!("Meta: {value}"),
    holds: "Cumple",
    misses: "No cumple",
    no_data: "Sin datos",

    volume: "Sincronizaciones por hora",
    volume_sum: |total, peak| format!("{total} en 24 horas; la hora más cargada tuvo {peak}."),
    durations: "Duración media por hora",
    durations_sum: |low, high| {
        format!("Entre {low} y {high} en las últimas 24 horas, de las que salieron bien.")
    },
    durations_none: "Ninguna sincronización en las últimas 24 horas.",
    success: "Éxito",
    warning: "Aviso",
    error: "Error",
    average: "Media",
    longest: "Máxima",
    hour: "Hora",
    as_table: "Ver como tabla",

    errors: "Errores recientes",
    no_errors: "Ningún error registrado.",
    to_do: "Qué hacer:",
    tries: |n| format!("intento {n}"),
    replay: "Repetir",
    replay_record: |record| format!("Repetir {record}"),
    replay_failed: "Repetir todo lo fallido",
    whole_run: "Corrida completa",

    runs: "Corridas",
    no_runs: "Todavía no hay corridas.",
    run_full: "Completa",
    run_catch_up: "Puesta al día",
    run_replay: "Repetición",
    running: "En marcha",
    succeeded: "Terminó bien",
    failed: "Falló",
    number: "Núm.",
    kind: "Tipo",
    reason: "Motivo",
    state: "Estado",
    started: "Empezó",
    finished: "Terminó",
    duration: "Duración",
    seen: "Leídos",
    created: "Nuevos",
    updated: "Cambiados",
    changes: "Cambios",
    unchanged: "Iguales",
    archived: "Archivados",
    deleted: "Borrados",
    warnings: "Con avisos",
    not_stored: "Sin guardar",
    pages: "Páginas",
    requests: "Llamadas",
    run_title: |n| format!("Corrida {n}"),
    progress: |seen, pages| format!("{seen} registros leídos, {pages} páginas"),
    progress_of: |seen, of, pages| format!("{seen} de unos {of} registros leídos, {pages} páginas"),
    report: "Informe",
    trigger: |trigger| match trigger {
        Trigger::Webhook => "aviso de Airtable",
        Trigger::Bulk => "primera carga",
        Trigger::Manual => "a mano",
        Trigger::Nightly => "nocturna",
        Trigger::CatchUp => "programada",
        Trigger::Replay => "repetición",
    },

    queue: "Cola",
    queue_empty: "La cola está vacía.",
    queue_more: |n| format!("y {n} más"),
    record: "Registro",
    waiting: "En espera",
    dead: "Sin más intentos",
    next_try: "Próximo intento",

    alerts: "Alertas",
    no_alerts: "Ninguna alerta ha sonado.",
    firing: "Activa",
    resolved: "Resuelta",
    critical: "Urgente",
    since: |time| format!("desde {time}"),
    told: |channels| format!("Avisado por {channels}"),
    to_be_told: |channels| format!("Por avisar: {channels}"),
    not_told: |channels| format!("No se pudo avisar por {channels}"),
    until: |from, to| format!("de {from} a {to}"),

    cache: "Caché",
    hits: "Aciertos",
    misses_cache: "Fallos",
    stale: "Respuestas viejas",
    entries: "Respuestas guardadas",
    size: "Tamaño",
    invalidations: "Vaciados",
    last_invalidation: "Último vaciado",
    never: "nunca",

    confirm_full: Question {
        title: "Sincronizar todo",
        detail: "Lee todos los autos publicados de Airtable y repara lo que falte. Tarda lo que tarden las páginas; el sitio sigue en pie mientras tanto.",
        button: "Empezar la corrida",
    },
    confirm_catch_up: Question {
        title: "Ponerse al día",
        detail: "Lee lo que Airtable cambió desde la última vez. Gasta pocas llamadas.",
        button: "Empezar la corrida",
    },
    confirm_replay: Question {
        title: "Repetir la sincronización",
        detail: "Vuelve a leer este registro de Airtable y guarda lo que encuentre.",
        button: "Repetir",
    },
    confirm_replay_failed: Question {
        title: "Repetir todo lo fallido",
        detail: "Vuelve a leer cada registro cuya última sincronización falló y los que la cola dio por perdidos.",
        button: "Repetir",
    },
    confirm_invalidate: Question {
        title: "Vaciar el caché",
        detail: "Cada respuesta guardada se descarta en todas las instancias; las siguientes visitas esperan a la base de datos.",
        button: "Vaciar",
    },
    confirm_resume: Question {
        title: "Volver a llamar a Airtable",
        detail: "Levanta el alto que siguió al agotarse las llamadas del mes. Hágalo cuando el plan ya sea mayor; si no, Airtable lo rechazará otra vez.",
        button: "Reanudar",
    },
    force: "También si muchos autos salieran de la lista (sin el freno)",
    cancel: "Cancelar",
    run_begun: |run| format!("La corrida {run} empezó."),
    see_report: "Ver su informe",
    invalidated: "El caché está vacío en todas las instancias.",
    resumed: "Se vuelve a llamar a Airtable.",
    busy: "Otra corrida está en marcha. Espere a que termine.",
    nothing_failed: "Nada ha fallado, así que no hay qué repetir.",
    not_begun: "La corrida no pudo empezar; el registro del servicio dice por qué.",

    say_run_ended: |run, how| format!("Corrida {run}: {how}."),
    say_error: |cause| format!("Error nuevo: {cause}"),
    say_alert: |title| format!("Alerta: {title}"),
    say_resolved: |title| format!("Alerta resuelta: {title}"),

    airtable,
    alert,
    database: Advice {
        cause: "La base de datos no lo guardó",
        remedy: "Lea el mensaje; si PostgreSQL estaba caído, se reintenta solo. Si no, repítalo y mire el registro del servicio.",
    },
    stopping: Advice {
        cause: "El servicio se estaba deteniendo",
        remedy: "Nada: lo que quedó pendiente sigue en la cola.",
    },
    run_failed: Advice {
        cause: "Una corrida no llegó a su fin",
        remedy: "Lea el motivo, remédielo y empiece la corrida de nuevo; lo que guardó hasta ahí queda.",
    },
    unknown: Advice {
        cause: "No se sincronizó",
        remedy: "Lea el mensaje y repítalo cuando la causa esté remediada.",
    },
};

fn airtable(kind: Kind) -> Advice {
    let (cause, remedy) = match kind {
        Kind::RateLimited => (
            "Airtable pidió ir más despacio",
            "Nada, si es raro: vitrina espera. Si no, busque qué más lee esta base o baje airtable.requests_per_second.",
        ),
        Kind::QuotaUsedUp => (
            "Se agotaron las llamadas del mes",
            "Suba el plan de Airtable y reanude, o espere al primero del mes (UTC).",
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

fn alert(rule: Rule) -> Advice {
    let (cause, remedy) = match rule {
        Rule::AirtableRefuses => (
            "Airtable rechaza a vitrina",
            "Ponga en AIRTABLE_API_KEY un token válido con los permisos data.records:read y schema.bases:read, revise AIRTABLE_BASE_ID y \
             AIRTABLE_TABLE_ID, y reinicie. Lo que se avisó mientras tanto espera en la cola y se sincroniza entonces.",
        ),
        Rule::QuotaUsedUp => (
            "Se agotaron las llamadas del mes a Airtable",
            "Suba el plan de Airtable y reanude aquí, o espere al primero del mes (UTC). Hasta entonces el sitio muestra lo último conocido.",
        ),
        Rule::BrakePulled => (
            "Demasiados autos saldrían de la lista",
            "Mire la tabla en Airtable: ¿se vació, o cambió OrdenStatus? Si los autos de verdad se vendieron, sincronice todo sin el freno; \
             hasta entonces nada sale de la lista.",
        ),
        Rule::NightlyFailing => (
            "Varias noches sin corrida completa",
            "Remedie lo que dice el error de la corrida y sincronice todo. Hasta entonces solo los avisos y las puestas al día mantienen el \
             sitio, y lo que desapareció de Airtable puede seguir publicado.",
        ),
        Rule::NightlyFailed => (
            "Faltó la corrida completa de anoche",
            "Remedie lo que dice el error de la corrida y sincronice todo. Hasta entonces solo los avisos y las puestas al día mantienen el sitio.",
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
            "Lea los errores y avisos recientes, remedie su causa y repita lo fallido.",
        ),
        Rule::Slow => (
            "Las sincronizaciones tardan demasiado",
            "Vea en los tiempos del registro qué parte tarda: la espera (muchas ediciones a la vez), Airtable o la base de datos.",
        ),
        Rule::Errors => (
            "Muchos errores en una hora",
            "Lea los últimos errores, haga lo que dice cada uno y repita lo fallido.",
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
