//! `vitrina doctor`, the real program against the simulator and PostgreSQL: each thing that can be wrong is told apart.

use std::{collections::BTreeMap, process::Stdio, str::FromStr};

use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::{process::Command, sync::OnceCell};
use vitrina::simulator::{Fault, FieldKind, Operation, Options, Refusal, Scope, Simulator, Target, What};

use crate::{
    fields,
    support::{Database, World, eventually, mazda},
};

const SECRET: &str = "webhook-secret-of-the-patient";
const TOKEN: &str = "admin-token-of-the-patient";

/// A set-up and the variables that lead to it.
struct Patient {
    airtable: Simulator,
    db: Database,
    env: BTreeMap<&'static str, String>,
}

/// What the doctor says.
struct Diagnosis {
    code: Option<i32>,
    said: String,
    report: Value,
}

impl Patient {
    /// A set-up with nothing wrong, on which the service has not run yet.
    async fn new() -> Self {
        Self::on(Database::new().await).await
    }

    async fn on(db: Database) -> Self {
        let airtable = Simulator::start(Options { rate_limit: None, ..Options::default() }).await.unwrap();
        airtable.create(mazda());
        let mut sold = mazda();
        sold.insert("OrdenStatus".to_owned(), json!("Vendido"));
        airtable.create(sold);
        let env = BTreeMap::from([
            ("DATABASE_URL", db.url.clone()),
            ("AIRTABLE_API_URL", airtable.url()),
            ("AIRTABLE_API_KEY", airtable.token()),
            ("AIRTABLE_BASE_ID", airtable.base_id().to_owned()),
            ("AIRTABLE_TABLE_ID", airtable.table_id().to_owned()),
            ("WEBHOOK_SECRET", SECRET.to_owned()),
            ("ADMIN_TOKEN", TOKEN.to_owned()),
            ("BIND_ADDR", "127.0.0.1:0".to_owned()),
        ]);
        Self { airtable, db, env }
    }

    /// The set-up of a service that runs, on its database and its base.
    async fn of(world: &World) -> Self {
        let mut patient = Self::new().await;
        for (variable, value) in [
            ("DATABASE_URL", world.db.url.clone()),
            ("AIRTABLE_API_URL", world.airtable.url()),
            ("AIRTABLE_API_KEY", world.airtable.token()),
            ("AIRTABLE_BASE_ID", world.airtable.base_id().to_owned()),
            ("AIRTABLE_TABLE_ID", world.airtable.table_id().to_owned()),
        ] {
            patient.set(variable, value);
        }
        patient
    }

    fn set(&mut self, variable: &'static str, value: impl Into<String>) -> &mut Self {
        self.env.insert(variable, value.into());
        self
    }

    async fn run(&self, options: &[&str]) -> (Option<i32>, String) {
        let ended = Command::new(env!("CARGO_BIN_EXE_vitrina"))
            .arg("doctor")
            .args(options)
            .env_clear()
            .envs(&self.env)
            .stdin(Stdio::null())
            .output()
            .await
            .unwrap();
        let said =
            format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
        for secret in [SECRET, TOKEN, &self.airtable.token(), "hunter2"] {
            assert!(!said.contains(secret), "{said}");
        }
        (ended.status.code(), said)
    }

    async fn examined(&self) -> Diagnosis {
        let (code, said) = self.run(&["--json"]).await;
        let report = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}"));
        Diagnosis { code, said, report }
    }
}

impl Diagnosis {
    /// Area and name of the checks that ended so.
    fn which(&self, status: &str) -> Vec<(&str, &str)> {
        let checks = self.report["checks"].as_array().unwrap();
        checks
            .iter()
            .filter(|check| check["status"] == status)
            .map(|check| (check["area"].as_str().unwrap(), check["name"].as_str().unwrap()))
            .collect()
    }

    /// The one check of this area and name that is not fine, whole.
    #[track_caller]
    fn of(&self, area: &str, name: &str) -> &Value {
        let checks = self.report["checks"].as_array().unwrap();
        let found = checks.iter().find(|check| check["area"] == area && check["name"] == name);
        found.unwrap_or_else(|| panic!("{area} {name}: {}", self.said))
    }

    /// Fails unless this is the only problem, says what was found and what to do, and the exit code is 1.
    #[track_caller]
    fn has_one_problem(&self, area: &str, name: &str, found: &str, remedy: &str) {
        assert_eq!(self.which("problem"), [(area, name)], "{}", self.said);
        self.tells(area, name, found, remedy);
        assert_eq!(self.code, Some(1), "{}", self.said);
    }

    #[track_caller]
    fn tells(&self, area: &str, name: &str, found: &str, remedy: &str) {
        let check = self.of(area, name);
        assert!(check["found"].as_str().unwrap().contains(found), "{check:#}");
        assert!(check["do"].as_str().unwrap().contains(remedy), "{check:#}");
        assert!(!check["why"].as_str().unwrap().is_empty(), "{check:#}");
    }
}

#[tokio::test]
async fn a_healthy_set_up_has_nothing_wrong_and_costs_three_requests_that_only_read() {
    let patient = Patient::new().await;

    let (code, said) = patient.run(&[]).await;

    assert_eq!(code, Some(0), "{said}");
    for area in ["Configuration", "Database", "Airtable", "Fields", "Service"] {
        assert!(said.lines().any(|line| line == area), "{area}: {said}");
    }
    assert!(said.contains("  ✓ ok       token                  Airtable knows it"), "{said}");
    assert!(said.trim_end().ends_with("skipped.") && said.contains("0 problems, "), "{said}");
    let seen = patient.airtable.requests();
    let asked: Vec<Operation> = seen.iter().map(|seen| seen.operation).collect();
    assert_eq!(asked, [Operation::Account, Operation::Schema, Operation::List]);
    let diagnosis = patient.examined().await;
    assert_eq!((diagnosis.which("problem"), diagnosis.which("skipped")), (vec![], vec![]), "{said}");
    assert_eq!(diagnosis.which("warning"), [("database", "inventory")], "it has never been loaded");
}

#[tokio::test]
async fn an_empty_database_is_fine_and_stays_empty() {
    let patient = Patient::on(Database::empty().await).await;

    let diagnosis = patient.examined().await;

    assert_eq!(diagnosis.code, Some(0), "{}", diagnosis.said);
    let relations: i64 =
        sqlx::query_scalar("select count(*) from pg_class where relnamespace = 'public'::regnamespace")
            .fetch_one(&patient.db.pool)
            .await
            .unwrap();
    assert_eq!(relations, 0);
}

#[tokio::test]
async fn a_running_service_is_found_and_what_else_has_the_port_is_not_taken_for_it() {
    let world = World::start().await;
    let mut patient = Patient::new().await;
    patient.set("BIND_ADDR", world.url.trim_start_matches("http://"));
    let diagnosis = patient.examined().await;
    assert!(diagnosis.of("service", "address")["found"].as_str().unwrap().contains("vitrina answers"));
    assert_eq!(diagnosis.of("service", "readiness")["status"], "ok");

    world.db.cut().await;
    let diagnosis = patient.examined().await;
    diagnosis.has_one_problem("service", "readiness", "not ready", "recovers by itself");
    world.db.mend().await;

    patient.set("BIND_ADDR", patient.airtable.url().trim_start_matches("http://"));
    patient.examined().await.has_one_problem("service", "address", "is taken by something", "BIND_ADDR");
    patient.set("BIND_ADDR", "192.0.2.1:80");
    patient.examined().await.has_one_problem("service", "address", "cannot be bound", "BIND_ADDR");
}

#[tokio::test]
async fn every_wrong_setting_is_told_and_what_can_be_checked_is_checked() {
    let mut patient = Patient::new().await;
    patient.set("ADMIN_TOKEN", "hunter2").set("VITRINA__SYNC__NIGHTLY", "at two");
    patient.env.remove("WEBHOOK_SECRET");
    let diagnosis = patient.examined().await;
    assert_eq!(diagnosis.code, Some(2));
    assert_eq!(
        diagnosis.which("problem"),
        [
            ("configuration", "auth.admin_token"),
            ("configuration", "sync.nightly"),
            ("configuration", "auth.webhook_secret")
        ]
    );
    diagnosis.tells(
        "configuration",
        "sync.nightly",
        "from the variable VITRINA__SYNC__NIGHTLY",
        "Set VITRINA__SYNC__NIGHTLY to a cron expression",
    );

    let mut patient = Patient::new().await;
    patient.env.remove("WEBHOOK_SECRET");
    let diagnosis = patient.examined().await;
    assert_eq!(
        (diagnosis.code, diagnosis.which("problem")),
        (Some(2), vec![("configuration", "auth.webhook_secret")])
    );
    assert_eq!(diagnosis.of("airtable", "token")["status"], "ok", "what is right is checked all the same");
    patient.env.remove("AIRTABLE_BASE_ID");
    let diagnosis = patient.examined().await;
    assert_eq!(diagnosis.of("database", "connection")["status"], "ok");
    assert_eq!(diagnosis.of("airtable", "everything")["found"], "skipped because its settings are wrong");
}

#[tokio::test]
async fn a_wrong_token_base_table_and_scope_are_told_apart() {
    let mut patient = Patient::new().await;
    patient.set("AIRTABLE_API_KEY", "patA1b2C3d4E5f6G7.wrong");
    let diagnosis = patient.examined().await;
    diagnosis.has_one_problem("airtable", "token", "Invalid authentication token", "AIRTABLE_API_KEY");
    assert!(diagnosis.which("skipped").contains(&("airtable", "base")));

    let mut patient = Patient::new().await;
    let base = patient.airtable.base_id().to_owned();
    let typo = format!("{}x", &base[..base.len() - 1]);
    patient.set("AIRTABLE_BASE_ID", typo);
    patient.examined().await.has_one_problem(
        "airtable",
        "base",
        "may not see the base",
        &format!("Is {base} meant?"),
    );

    let mut patient = Patient::new().await;
    patient.set("AIRTABLE_TABLE_ID", "Vehiculo");
    patient.examined().await.has_one_problem(
        "airtable",
        "table",
        r#"no table "Vehiculo""#,
        r#"Is "Vehículos" meant?"#,
    );

    let patient = Patient::new().await;
    patient.airtable.set_scopes(&[Scope::RecordsRead]);
    let diagnosis = patient.examined().await;
    assert_eq!((diagnosis.code, diagnosis.which("problem")), (Some(0), vec![]), "{}", diagnosis.said);
    diagnosis.tells("airtable", "schema", "lacks the scope schema.bases:read", "Add the scope");
    diagnosis.tells("fields", "mapping", "fields are read by name", "schema.bases:read");

    patient.airtable.set_scopes(&[Scope::SchemaRead]);
    patient.examined().await.has_one_problem(
        "airtable",
        "records",
        "lacks the scope data.records:read",
        "Add the scope",
    );

    patient.airtable.set_scopes(&[]);
    patient.examined().await.has_one_problem(
        "airtable",
        "records",
        "does not say why",
        "data.records:read and schema.bases:read",
    );
}

#[tokio::test]
async fn a_native_webhook_is_looked_at_only_where_one_is_configured() {
    let mut patient = Patient::new().await;
    patient.airtable.set_scopes(&[Scope::RecordsRead, Scope::SchemaRead]);
    assert!(!patient.examined().await.said.contains("webhook:manage"));

    patient
        .set("VITRINA__AIRTABLE_WEBHOOK__NOTIFICATION_URL", "https://sync.example.mx/airtable-notifications");
    patient.examined().await.has_one_problem(
        "airtable",
        "webhook",
        "lacks the scope webhook:manage",
        "Add the scope",
    );

    patient.airtable.set_scopes(&[Scope::RecordsRead, Scope::SchemaRead, Scope::WebhookManage]);
    let diagnosis = patient.examined().await;
    assert_eq!((diagnosis.code, diagnosis.which("problem")), (Some(0), vec![]), "{}", diagnosis.said);
    assert!(diagnosis.of("airtable", "webhook")["found"].as_str().unwrap().starts_with("none for https://"));
}

#[tokio::test]
async fn an_airtable_that_is_away_or_is_none_and_a_used_up_month_are_told_apart() {
    let mut patient = Patient::new().await;
    patient.set("AIRTABLE_API_URL", "http://127.0.0.1:1");
    let diagnosis = patient.examined().await;
    diagnosis.has_one_problem("airtable", "address", "cannot be reached", "network, DNS, clock");
    assert!(diagnosis.which("skipped").contains(&("airtable", "token")));

    let patient = Patient::new().await;
    for (what, name, found) in [
        (What::NotJson, "address", "not what it should be"),
        (What::Answer(Refusal::NotFound), "address", "404"),
        (What::Answer(Refusal::QuotaExceeded), "token", "PUBLIC_API_BILLING_LIMIT_EXCEEDED"),
    ] {
        patient.airtable.fault(Fault::new(what));
        patient.examined().await.has_one_problem("airtable", name, found, "");
        patient.airtable.clear_faults();
    }
    patient.airtable.fault(Fault::new(What::Answer(Refusal::QuotaExceeded)).on(Target::List));
    patient.examined().await.has_one_problem("airtable", "records", "BILLING_LIMIT", "plan");
}

#[tokio::test]
async fn fields_that_are_missing_or_cannot_be_read_are_told_with_the_closest_names() {
    let patient = Patient::new().await;
    patient.airtable.remove_field("Utilitario");
    patient.airtable.rename_field("En Reparación", "En reparacion");
    let diagnosis = patient.examined().await;
    assert_eq!(diagnosis.which("problem"), [], "{}", diagnosis.said);
    assert_eq!(diagnosis.code, Some(0));
    diagnosis.tells("fields", "utilitario", r#"none called "Utilitario""#, "leave the column out");
    diagnosis.tells("fields", "en_reparacion", r#"closest: "En reparacion""#, "field mapping");

    patient.airtable.retype_field("Precio", FieldKind::MultipleAttachments);
    patient.examined().await.has_one_problem(
        "fields",
        "Precio",
        "of the type multipleAttachments, which cannot be read as precio",
        "type",
    );
    patient.airtable.retype_field("Precio", FieldKind::Currency);

    patient.airtable.rename_field("OrdenStatus", "Orden Estatus");
    let diagnosis = patient.examined().await;
    diagnosis.has_one_problem("fields", "ordenstatus", r#"closest: "Orden Estatus""#, "Rename");
}

#[tokio::test]
async fn what_the_service_remembers_of_its_fields_the_doctor_knows() {
    let world = World::start().await;
    let patient = Patient::of(&world).await;
    world.known(mazda()).await;
    world.airtable.rename_field("Precio", "Precio de lista");
    world.airtable.remove_field("Ubicacion");

    let diagnosis = patient.examined().await;

    diagnosis.has_one_problem(
        "fields",
        "Ubicacion",
        "is gone from Airtable, so ubicacion stays as before",
        "restore",
    );
    let renamed = diagnosis.of("fields", "Precio");
    assert_eq!(renamed["status"], "ok");
    assert!(renamed["found"].as_str().unwrap().contains(r#"now called "Precio de lista""#), "{renamed}");
    assert!(
        diagnosis.of("database", "inventory")["found"].as_str().unwrap().starts_with("1 vehicles are listed")
    );
    let missing: i64 =
        sqlx::query_scalar("select count(*) from airtable_fields where missing_since is not null")
            .fetch_one(&world.db.pool)
            .await
            .unwrap();
    assert_eq!(missing, 0, "the doctor writes nothing down");
}

#[tokio::test]
async fn a_status_that_nobody_has_and_values_that_cannot_be_read_are_warnings() {
    let mut patient = Patient::new().await;
    patient.set("VITRINA__LISTING__STATUS", "Comprada");
    patient.airtable.create(fields! { "Auto": "X", "OrdenStatus": "Comprado", "Precio": "a consultar" });

    let diagnosis = patient.examined().await;

    assert_eq!(diagnosis.code, Some(0), "{}", diagnosis.said);
    diagnosis.tells("fields", "listed", "none of the first 3 records", r#"Is "Comprado" meant?"#);
    diagnosis.tells("fields", "Precio", "1 of the first 3 records", "Correct the values");
}

#[tokio::test]
async fn a_wrong_host_password_user_and_database_are_told_apart() {
    let mut patient = Patient::new().await;
    let right = patient.db.url.clone();
    let (place, name) = place(&right);
    let_in_by_password(&patient.db).await;
    for (url, found, remedy) in [
        ("postgres://vitrina@127.0.0.1:1/cars".to_owned(), "127.0.0.1:1 cannot be reached", "host and port"),
        (
            format!("postgres://vitrina@localhost:5432/no_such?{place}"),
            r#"has no database "no_such""#,
            "end of DATABASE_URL",
        ),
        (
            format!("postgres://doctor_password:hunter2@localhost:5432/{name}?{place}"),
            r#"the password of the user "doctor_password""#,
            "%40 %2F",
        ),
        (
            format!("postgres://doctor_stranger@localhost:5432/{name}?{place}"),
            r#"does not let the user "doctor_stranger" in"#,
            "pg_hba.conf",
        ),
        (
            format!(
                "{}&sslmode=require",
                patient.db.url_for_vitrina.replace("?sslmode=disable", "?application_name=x")
            ),
            "encryption",
            "sslmode",
        ),
    ] {
        patient.set("DATABASE_URL", &url);
        let diagnosis = patient.examined().await;
        diagnosis.has_one_problem("database", "connection", found, remedy);
        assert!(diagnosis.which("skipped").contains(&("database", "privileges")));
        assert_eq!(diagnosis.of("airtable", "token")["status"], "ok", "Airtable is asked all the same");
    }
    let url = format!("postgres://doctor_password:right@localhost:5432/{name}?{place}");
    patient.set("DATABASE_URL", &url);
    patient.examined().await.has_one_problem(
        "database",
        "privileges",
        "belong to somebody else: _sqlx_migrations (vitrina)",
        "owner to",
    );
}

#[tokio::test]
async fn missing_privileges_are_told_with_what_to_grant() {
    let mut patient = Patient::on(Database::empty().await).await;
    let_in_by_password(&patient.db).await;
    sqlx::raw_sql("revoke create on schema public from public").execute(&patient.db.pool).await.unwrap();
    let (place, name) = place(&patient.db.url);
    patient.set("DATABASE_URL", format!("postgres://doctor_password:right@localhost:5432/{name}?{place}"));
    patient.examined().await.has_one_problem(
        "database",
        "privileges",
        r#"may not make tables in the schema "public""#,
        r#"grant usage, create on schema "public" to "doctor_password""#,
    );
    patient.set("VITRINA__DATABASE__SCHEMA", "vitrina");
    patient.examined().await.has_one_problem(
        "database",
        "privileges",
        r#"there is no schema "vitrina""#,
        r#"create schema "vitrina" authorization "doctor_password""#,
    );
}

#[tokio::test]
async fn tables_of_another_system_and_of_other_versions_are_told_apart() {
    let patient = Patient::on(Database::empty().await).await;
    sqlx::raw_sql("create table inventario_cache (id int)").execute(&patient.db.pool).await.unwrap();
    patient.examined().await.has_one_problem(
        "database",
        "tables",
        "inventario_cache of another system",
        "VITRINA__DATABASE__SCHEMA=vitrina",
    );

    let patient = Patient::new().await;
    for (change, found) in [
        (
            "update _sqlx_migrations set version = 9999 where version = (select max(version) from _sqlx_migrations)",
            "newer version",
        ),
        ("update _sqlx_migrations set success = false where version = 1", "broke off"),
    ] {
        sqlx::raw_sql(change).execute(&patient.db.pool).await.unwrap();
        patient.examined().await.has_one_problem("database", "migrations", found, "version");
    }

    let patient = Patient::new().await;
    sqlx::raw_sql("delete from _sqlx_migrations where version > 3").execute(&patient.db.pool).await.unwrap();
    let diagnosis = patient.examined().await;
    assert_eq!((diagnosis.code, diagnosis.which("problem")), (Some(0), vec![]), "{}", diagnosis.said);
    diagnosis.tells("database", "migrations", "still to come: 4, 5, 6", "the next start applies them");
}

#[tokio::test]
async fn without_a_database_address_nothing_is_started() {
    let mut patient = Patient::new().await;
    let folder = tempfile::tempdir().unwrap();
    patient.env.remove("DATABASE_URL");
    patient.set("VITRINA__DATABASE__PRIVATE_DATA_DIR", folder.path().join("data").to_str().unwrap());
    let diagnosis = patient.examined().await;
    assert_eq!(diagnosis.code, Some(0), "{}", diagnosis.said);
    assert!(diagnosis.of("database", "address")["found"].as_str().unwrap().contains("private PostgreSQL"));
    assert!(!folder.path().join("data").exists());
}

/// The socket as parameters, and the name of the database.
fn place(url: &str) -> (String, String) {
    let options = PgConnectOptions::from_str(url).unwrap();
    let folder = options.get_socket().unwrap().display().to_string();
    let host: String = form_urlencoded::byte_serialize(folder.as_bytes()).collect();
    (format!("host={host}&sslmode=disable"), options.get_database().unwrap().to_owned())
}

/// Two users for the whole server: one that needs a password, which is `right`, and one that is not let in at all.
async fn let_in_by_password(db: &Database) {
    static DONE: OnceCell<()> = OnceCell::const_new();
    DONE.get_or_init(|| async {
        sqlx::raw_sql(
            "create role doctor_password login password 'right'; create role doctor_stranger login",
        )
        .execute(&db.pool)
        .await
        .unwrap();
        let file: String = sqlx::query_scalar("show hba_file").fetch_one(&db.pool).await.unwrap();
        let rules = std::fs::read_to_string(&file).unwrap();
        std::fs::write(
            &file,
            format!("local all doctor_password scram-sha-256\nlocal all doctor_stranger reject\n{rules}"),
        )
        .unwrap();
        sqlx::raw_sql("select pg_reload_conf()").execute(&db.pool).await.unwrap();
    })
    .await;
    let (place, name) = place(&db.url);
    let url = format!("postgres://doctor_password:right@localhost:5432/{name}?{place}");
    eventually("the password counts", || async { PgConnection::connect(&url).await.is_ok() }).await;
}

#[tokio::test]
async fn what_passes_by_itself_is_not_blamed_on_a_setting_and_is_not_called_healthy() {
    let patient = Patient::new().await;
    for (refusal, name, found, remedy) in [
        (Refusal::RateLimited(None), "token", "429", "half a minute"),
        (Refusal::ServerError, "address", "50", "in a few minutes"),
    ] {
        patient.airtable.fault(Fault::new(What::Answer(refusal)).on(Target::Only(Operation::Account)));
        let diagnosis = patient.examined().await;
        diagnosis.has_one_problem("airtable", name, found, remedy);
        for skipped in
            [("airtable", "base"), ("airtable", "table"), ("airtable", "records"), ("fields", "mapping")]
        {
            assert!(diagnosis.which("skipped").contains(&skipped), "{}", diagnosis.said);
        }
        patient.airtable.clear_faults();
    }
    patient
        .airtable
        .fault(Fault::new(What::Answer(Refusal::ServerError)).on(Target::Only(Operation::Schema)));
    let diagnosis = patient.examined().await;
    assert_eq!(diagnosis.which("problem"), [("airtable", "schema")], "{}", diagnosis.said);
    assert!(!diagnosis.said.contains("by name") && !diagnosis.said.contains("the scope schema.bases:read"));
    assert!(diagnosis.which("skipped").contains(&("fields", "mapping")));
}

#[tokio::test]
async fn an_address_with_the_version_and_more_requests_than_airtable_takes_are_wrong_settings() {
    let mut patient = Patient::new().await;
    patient.set("AIRTABLE_API_URL", format!("{}/v0", patient.airtable.url()));
    let diagnosis = patient.examined().await;
    assert_eq!(diagnosis.code, Some(2));
    diagnosis.tells("configuration", "airtable.api_url", "/v0", "without /v0");

    let mut patient = Patient::new().await;
    patient.set("VITRINA__AIRTABLE__REQUESTS_PER_SECOND", "9");
    assert_eq!(patient.examined().await.code, Some(0), "there it may be right");
    patient.env.remove("AIRTABLE_API_URL");
    patient.env.remove("AIRTABLE_API_KEY");
    let diagnosis = patient.examined().await;
    diagnosis.tells("configuration", "airtable.requests_per_second", "9", "1 to 5");
}

#[tokio::test]
async fn a_base_that_is_listed_but_closed_is_not_called_unknown() {
    let patient = Patient::new().await;
    patient.airtable.fault(
        Fault::new(What::Answer(Refusal::PermissionsOrModelNotFound)).on(Target::Only(Operation::Schema)),
    );

    let diagnosis = patient.examined().await;

    assert_eq!((diagnosis.code, diagnosis.which("problem")), (Some(0), vec![]), "{}", diagnosis.said);
    diagnosis.tells("airtable", "schema", "refuses the base's schema", "not only an interface");
}

#[tokio::test]
async fn a_checkbox_that_hides_everything_is_told_as_such() {
    let mut patient = Patient::new().await;
    patient.airtable.add_field("Publicar", FieldKind::Checkbox);
    patient.set("VITRINA__LISTING__VISIBLE_FIELD", "Publicar");

    let diagnosis = patient.examined().await;

    diagnosis.tells(
        "fields",
        "listed",
        r#"1 of the first 2 records are "Comprado", but "Publicar""#,
        "Tick it",
    );
}

#[tokio::test]
async fn without_the_scope_the_doctor_knows_what_the_service_remembers_and_counts_what_is_gone() {
    let world = World::start().await;
    let patient = Patient::of(&world).await;
    world.known(mazda()).await;
    world.airtable.remove_field("Ubicacion");
    world.airtable.rename_field("Precio", "Precio viejo");
    let new = world.airtable.add_field("Precio", FieldKind::Currency);
    let diagnosis = patient.examined().await;
    let columns = vitrina::domain::Column::ALL.len();
    let fed = diagnosis.of("fields", "mapping")["found"].as_str().unwrap().to_owned();
    assert!(fed.starts_with(&format!("{} of {columns} columns", columns - 1)), "{fed}");
    diagnosis.tells("fields", "Precio", "another field is called", &new);

    world.airtable.set_scopes(&[Scope::RecordsRead]);
    let diagnosis = patient.examined().await;
    diagnosis.tells("airtable", "schema", "lacks the scope", "Add the scope");
    assert!(diagnosis.said.contains("by the ids that the service remembers"), "{}", diagnosis.said);
    assert!(!diagnosis.said.contains("by name"), "{}", diagnosis.said);
}

#[tokio::test]
async fn an_old_systems_tables_are_never_to_be_taken_over() {
    let mut patient = Patient::on(Database::empty().await).await;
    sqlx::raw_sql("create table inventario_cache (id int); create table sync_logs (id int)")
        .execute(&patient.db.pool)
        .await
        .unwrap();
    let_in_by_password(&patient.db).await;
    sqlx::raw_sql("grant usage, create on schema public to public").execute(&patient.db.pool).await.unwrap();
    let (place, name) = place(&patient.db.url);
    patient.set("DATABASE_URL", format!("postgres://doctor_password:right@localhost:5432/{name}?{place}"));

    let diagnosis = patient.examined().await;

    diagnosis.has_one_problem(
        "database",
        "tables",
        "inventario_cache, sync_logs of another system",
        "VITRINA__DATABASE__SCHEMA=vitrina",
    );
    assert!(!diagnosis.said.contains("owner to"), "{}", diagnosis.said);
}

#[tokio::test]
async fn a_database_in_which_vitrina_cannot_work_is_told_as_the_start_tells_it() {
    let patient = Patient::on(Database::in_encoding("LATIN1").await).await;
    let diagnosis = patient.examined().await;
    diagnosis.has_one_problem("database", "encoding", "LATIN1", "create database … encoding 'UTF8'");

    let mut patient = Patient::on(Database::empty().await).await;
    let_in_by_password(&patient.db).await;
    let (place, name) = place(&patient.db.url);
    patient.set("DATABASE_URL", format!("postgres://doctor_password:right@localhost:5432/{name}?{place}"));
    for (limit, ends) in [(5, "problem"), (8, "warning"), (50, "ok")] {
        let change = format!(
            "grant usage, create on schema public to public; alter database {name} connection limit {limit}"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(change)).execute(&patient.db.pool).await.unwrap();
        let diagnosis = patient.examined().await;
        assert_eq!(diagnosis.of("database", "connections")["status"], ends, "{}", diagnosis.said);
        if ends == "problem" {
            diagnosis.has_one_problem("database", "connections", "at most 5 connections", "connection limit");
        }
    }
}
