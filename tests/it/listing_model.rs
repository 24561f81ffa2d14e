//! The listing against a model of it: the contract's words in plain Rust over plain vehicles, on thousands of random questions.
//!
//! The model shares no code with vitrina: it folds, compares, sorts and corrects spelling by itself.

mod search;

use std::{cmp::Ordering, collections::BTreeSet};

use chrono::{DateTime, Utc};
use fastrand::Rng;
use serde_json::{Map, Value, json};

use self::search::{Meaning, Model, fold, whole_words, words_of};
use crate::support::{Setting, World};

const VEHICLES: usize = 240;
/// For each of three dealerships.
const QUESTIONS: usize = 1_000;
const FACETS: usize = 400;

const BRANDS: [&str; 9] =
    ["Citroën", "citroen", "CITROËN", "Kia", "Mazda", "Škoda", "Mercedes-Benz", "Volkswagen", "SEAT"];
const MODELS: [&str; 13] = [
    "3 Sport",
    "Río",
    "C3 Édition",
    "Clase A",
    "León",
    "Jetta 2.5",
    "CX-5",
    "CX 5 2.5L",
    "CR-V",
    "Grand-CR-V-2-5",
    "CRV",
    "X Trail 2.0",
    "Pick-Up F-150",
];
const GEARBOXES: [&str; 4] = ["Automática", "AUTOMATICA", "Manual", "CVT"];
const FUELS: [&str; 3] = ["Gasolina", "Diésel", "Híbrido"];
const WARRANTIES: [&str; 3] = ["3 meses", "1 año", "1 AÑO"];
const BODIES: [&str; 5] = ["SUV", "Sedán", "Sedan", "Pick-up", "Hatchback"];
const BRANCHES: [&str; 5] = ["MTY", "Monterrey", "GPE", "COAH", "Otra"];
const PROMOTIONS: [&str; 3] = ["Buen Fin", "Bono", "buen fin"];
const DESCRIPTIONS: [&str; 6] = [
    "Único dueño, ¡como nuevo!",
    "Factura original; servicios en agencia",
    "Piel · quemacocos · 2020",
    "",
    "Mazda? No: un Jetta.",
    "Mejor que un Mazdda, un Sitroen o un Jeta",
];
const ORDERS: [&str; 9] = [
    "default",
    "price-asc",
    "price-desc",
    "year-asc",
    "year-desc",
    "mileage-asc",
    "mileage-desc",
    "newest",
    "relevance",
];

fn one<'a>(random: &mut Rng, of: &[&'a str]) -> &'a str {
    of[random.usize(..of.len())]
}

fn some(random: &mut Rng, of: &[&str]) -> Vec<String> {
    (0..random.usize(0..3)).map(|_| one(random, of).to_owned()).collect()
}

fn vehicle(random: &mut Rng) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut set = |random: &mut Rng, name: &str, value: Value| {
        // What is missing is missing in one of six.
        if random.u8(0..6) > 0 {
            fields.insert(name.to_owned(), value);
        }
    };
    let brand = one(random, &BRANDS);
    set(random, "AutoMarca", json!(brand));
    let model = one(random, &MODELS);
    set(random, "AutoSubmarcaVersion", json!(model));
    let year = random.i32(2018..2023);
    set(random, "AutoAno", json!(year));
    let price = random.i32(1..8) * 50_000;
    set(random, "Precio", json!(price));
    let (reduced, is_reduced) = (random.i32(1..8) * 45_000, random.bool());
    set(random, "Oferta", json!(reduced));
    set(random, "Con Oferta", json!(is_reduced));
    let monthly = f64::from(random.i32(10..15)) * 500.5;
    set(random, "MensualidadMinima", json!(monthly));
    let down = random.i32(1..5) * 10_000;
    set(random, "EngancheMin", json!(down));
    let mileage = random.i32(0..5) * 10_000;
    set(random, "autokilometraje", json!(mileage));
    let (gearbox, fuel, warranty) = (one(random, &GEARBOXES), one(random, &FUELS), one(random, &WARRANTIES));
    set(random, "autotransmision", json!(gearbox));
    set(random, "autocombustible", json!(fuel));
    set(random, "Garantia", json!(warranty));
    let (bodies, branches, promotions) =
        (some(random, &BODIES), some(random, &BRANCHES), some(random, &PROMOTIONS));
    set(random, "ClasificacionID", json!(bodies));
    set(random, "Ubicacion", json!(branches));
    set(random, "Promociones", json!(promotions));
    let description = one(random, &DESCRIPTIONS);
    set(random, "descripcion", json!(description));
    let day = random.u8(1..5);
    set(random, "IngresoInventario", json!(format!("2025-01-0{day}")));
    let reserved = random.bool();
    set(random, "Separado", json!(reserved));
    fields.insert("OrdenStatus".to_owned(), json!(if random.u8(0..8) == 0 { "Vendido" } else { "Comprado" }));
    fields
}

struct Car {
    json: Value,
    heading: BTreeSet<String>,
    words: BTreeSet<String>,
}

impl Car {
    fn new(json: Value) -> Self {
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        let year = json["autoano"].as_i64().map_or(String::new(), |year| year.to_string());
        let names = [text("title"), text("marca"), text("modelo"), year];
        let heading: BTreeSet<String> = names.iter().flat_map(|name| words_of(name, true)).collect();
        let words = heading.union(&words_of(&text("descripcion"), false)).cloned().collect();
        Self { json, heading, words }
    }

    fn id(&self) -> &str {
        self.json["id"].as_str().unwrap()
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.json[name].as_f64()
    }

    fn time(&self, name: &str) -> Option<DateTime<Utc>> {
        self.json[name].as_str().map(|time| time.parse().unwrap())
    }

    fn texts(&self, name: &str) -> Vec<String> {
        match &self.json[name] {
            Value::Array(values) => values.iter().map(|value| fold(value.as_str().unwrap())).collect(),
            Value::String(text) => vec![fold(text)],
            _ => Vec::new(),
        }
    }
}

/// A parameter and its value.
type Question = Vec<(&'static str, String)>;

/// The parameters of one filter, as facets take them apart.
const GROUPS: [&[&str]; 16] = [
    &["marca"],
    &["modelo"],
    &["autoano"],
    &["transmision"],
    &["combustible"],
    &["garantia"],
    &["carroceria"],
    &["ubicacion"],
    &["promociones"],
    &["minPrice", "maxPrice"],
    &["minYear", "maxYear"],
    &["minMileage", "maxMileage"],
    &["enganchemin", "maxEnganche"],
    &["maxMonthly"],
    &["conOferta"],
    &["hideSeparado"],
];

fn branch(name: &str) -> String {
    match name {
        "monterrey" => "mty",
        "guadalupe" => "gpe",
        "saltillo" => "coah",
        other => other,
    }
    .to_owned()
}

fn passes(car: &Car, question: &Question, group: &[&str]) -> bool {
    let values = |name: &str| -> Vec<&String> {
        question
            .iter()
            .filter(|(given, value)| *given == name && !value.trim().is_empty())
            .map(|(_, value)| value)
            .collect()
    };
    group.iter().all(|name| {
        let given = values(name);
        let Some(last) = given.last() else { return true };
        let bound = |of: &str, holds: fn(f64, f64) -> bool| {
            car.number(of).is_some_and(|number| holds(number, last.parse().unwrap()))
        };
        match *name {
            "modelo" => {
                let model = whole_words(car.json["modelo"].as_str().unwrap_or_default());
                given
                    .iter()
                    .any(|value| !whole_words(value).is_empty() && model.starts_with(&whole_words(value)))
            }
            "minPrice" => bound("precio_final", |price, bound| price >= bound),
            "maxPrice" => bound("precio_final", |price, bound| price <= bound),
            "minYear" => bound("autoano", |year, bound| year >= bound),
            "maxYear" => bound("autoano", |year, bound| year <= bound),
            "minMileage" => bound("kilometraje", |distance, bound| distance >= bound),
            "maxMileage" => bound("kilometraje", |distance, bound| distance <= bound),
            "maxMonthly" => bound("mensualidad_minima", |monthly, bound| monthly <= bound),
            "conOferta" => last.as_str() != "true" || car.json["con_oferta"] == true,
            "enganchemin" => bound("enganchemin", |down, bound| down >= bound),
            "maxEnganche" => bound("enganchemin", |down, bound| down <= bound),
            "hideSeparado" => last.as_str() != "true" || car.json["separado"] == false,
            "autoano" => given.iter().any(|year| car.number("autoano") == year.parse().ok()),
            "carroceria" => {
                let has = [car.texts("carroceria"), car.texts("clasificacionid")].concat();
                given.iter().any(|value| has.contains(&fold(value)))
            }
            "ubicacion" => {
                let has: Vec<String> = car.texts("ubicacion").iter().map(|name| branch(name)).collect();
                given.iter().any(|value| has.contains(&branch(&fold(value))))
            }
            name => given.iter().any(|value| car.texts(name).contains(&fold(value))),
        }
    })
}

/// The model of a search among these.
fn model(cars: &[Car]) -> Model<'_> {
    Model::new(cars.iter().map(|car| (&car.heading, &car.words)))
}

fn found(car: &Car, meaning: &Meaning) -> bool {
    meaning.all.iter().all(|term| term.is_in(&car.words))
}

fn relevance(car: &Car, meaning: &Meaning) -> usize {
    meaning.all.iter().chain(&meaning.pairs).map(|term| term.points(&car.heading)).sum()
}

fn last<'a>(question: &'a Question, name: &str) -> Option<&'a str> {
    question
        .iter()
        .rfind(|(given, value)| *given == name && !value.trim().is_empty())
        .map(|(_, value)| value.as_str())
}

/// Which of two comes first.
type Before<'a> = Box<dyn Fn(&Car, &Car) -> Ordering + 'a>;

/// The ids in order.
fn listed(cars: &[Car], model: &Model<'_>, question: &Question) -> Vec<String> {
    let meaning = model.meaning(last(question, "search").unwrap_or_default());
    let mut found: Vec<&Car> = cars
        .iter()
        .filter(|car| found(car, &meaning) && GROUPS.iter().all(|group| passes(car, question, group)))
        .collect();
    let by = |name: &'static str, up: bool| {
        move |one: &Car, other: &Car| match (one.number(name), other.number(name)) {
            (Some(one), Some(other)) if up => one.total_cmp(&other),
            (Some(one), Some(other)) => other.total_cmp(&one),
            (one, other) => other.is_some().cmp(&one.is_some()),
        }
    };
    let order: Before<'_> = match last(question, "orderby") {
        Some("price-asc") => Box::new(by("precio_final", true)),
        Some("price-desc") => Box::new(by("precio_final", false)),
        Some("year-asc") => Box::new(by("autoano", true)),
        Some("year-desc") => Box::new(by("autoano", false)),
        Some("mileage-asc") => Box::new(by("kilometraje", true)),
        Some("mileage-desc") => Box::new(by("kilometraje", false)),
        Some("newest") => Box::new(|one, other| {
            let arrived = |car: &Car| car.time("ingreso_inventario").or(car.time("created_at"));
            arrived(other).cmp(&arrived(one))
        }),
        None | Some("relevance" | "default") if !meaning.all.is_empty() => {
            Box::new(|one, other| relevance(other, &meaning).cmp(&relevance(one, &meaning)))
        }
        _ => Box::new(|one, other| other.time("updated_at").cmp(&one.time("updated_at"))),
    };
    found.sort_by(|one, other| order(one, other).then_with(|| one.id().cmp(other.id())));
    found.into_iter().map(|car| car.id().to_owned()).collect()
}

/// Words to search for: those of vehicles, their beginnings, and both with a slip.
fn search(random: &mut Rng, cars: &[Car]) -> String {
    if random.u8(0..15) == 0 {
        return one(random, &["🚗", "¿?", " - ", "…", " "]).to_owned();
    }
    if random.u8(0..8) == 0 {
        let models = [
            "cx-5",
            "CX 5",
            "cx5",
            "cr-v",
            "crv",
            "cr-",
            "x-trail",
            "xtr",
            "x-trial",
            "pick up",
            "picup",
            "f150",
            "f-15",
            "2.5",
            "2.5-cx",
            "2.0 x-t",
            "cx 5 2",
            "c x 5",
            "mazda3",
            "mercedesbenz",
            "jeta",
            "duenno",
            "kia-rio-2020",
        ];
        return one(random, &models).to_owned();
    }
    let words: Vec<String> = (0..random.usize(1..4))
        .map(|_| {
            let car = &cars[random.usize(..cars.len())];
            let mut word: Vec<char> = random.choice(&car.words).unwrap().chars().collect();
            if random.bool() {
                word.truncate(random.usize(1..=word.len()));
            }
            if random.u8(0..3) == 0 {
                let place = random.usize(..word.len());
                match random.u8(0..4) {
                    0 => word.insert(place, random.char('a'..='z')),
                    1 => word[place] = random.char('a'..='z'),
                    2 if place > 0 => word.swap(place - 1, place),
                    _ => drop(word.remove(place)),
                }
            }
            let word: String = word.into_iter().collect();
            if random.bool() { word.to_uppercase() } else { word }
        })
        .collect();
    words.join(one(random, &[" ", "  ", ", ", "-"]))
}

fn one_name(random: &mut Rng, of: &[&'static str; 2]) -> &'static str {
    of[random.usize(..2)]
}

fn question(random: &mut Rng, cars: &[Car]) -> Question {
    let mut question = Question::new();
    for _ in 0..random.usize(0..5) {
        let car = &cars[random.usize(..cars.len())];
        let from = |random: &mut Rng, name: &str| -> String {
            let values = car.texts(name);
            let value = random.choice(&values).cloned().unwrap_or_default();
            match random.u8(0..4) {
                0 => value.to_uppercase(),
                1 => format!(" {value} "),
                _ => value,
            }
        };
        let amount = |random: &mut Rng, most: u32| {
            format!("{}.50", random.u32(..most)).replace(".50", one(random, &["", ".50", ".0"]))
        };
        let parameter = match random.u8(0..22) {
            0 => ("marca", from(random, "marca")),
            1 => ("marca", one(random, &BRANDS).to_owned()),
            2 => ("autoano", random.i32(2017..2024).to_string()),
            3 => ("transmision", from(random, "transmision")),
            4 => ("combustible", from(random, "combustible")),
            5 => ("garantia", from(random, "garantia")),
            6 => ("carroceria", from(random, "clasificacionid")),
            7 => (
                "ubicacion",
                one(random, &["MTY", "monterrey", "Guadalupe", "coah", "OTRA", "TMPS", "Saltillo"])
                    .to_owned(),
            ),
            8 => ("promociones", from(random, "promociones")),
            9 => ("minPrice", amount(random, 400_000)),
            10 => ("maxPrice", amount(random, 400_000)),
            11 => ("enganchemin", amount(random, 50_000)),
            12 => ("maxEnganche", amount(random, 50_000)),
            14 => (one_name(random, &["minYear", "maxYear"]), random.i32(2017..2024).to_string()),
            15 => (one_name(random, &["minMileage", "maxMileage"]), random.u32(0..50_000).to_string()),
            16 => ("maxMonthly", amount(random, 9_000)),
            17 => ("conOferta", one(random, &["true", "1", "false", ""]).replace('1', "true")),
            18 => ("modelo", one(random, &MODELS).to_owned()),
            19 => (
                "modelo",
                one(random, &["3", "cx", "CX 5", "c", "Jetta", "x  trail", "cr-v!", "Pick", "!"]).to_owned(),
            ),
            13 => ("hideSeparado", one(random, &["true", "false", ""]).to_owned()),
            _ => ("search", search(random, cars)),
        };
        question.push(parameter);
    }
    if random.bool() {
        question.push(("orderby", one(random, &ORDERS).to_owned()));
    }
    random.shuffle(&mut question);
    question
}

fn url(path: &str, question: &Question, page: usize, size: usize) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in question {
        query.append_pair(name, value);
    }
    format!("{path}?{}&utm_source=x&page={page}&pageSize={size}", query.finish())
}

async fn cars(world: &World) -> Vec<Car> {
    let mut cars = Vec::new();
    for page in 1.. {
        let list = world.get(&format!("/vehicles?pageSize=100&page={page}")).await.ok();
        let found = list["vehicles"].as_array().unwrap();
        if found.is_empty() {
            break;
        }
        cars.extend(found.iter().cloned().map(Car::new));
    }
    cars
}

async fn dealership(random: &mut Rng) -> (World, Vec<Car>) {
    let vehicles: Vec<_> = (0..VEHICLES).map(|_| vehicle(random)).collect();
    let world = Setting::default().vehicles(vehicles).start().await;
    let cars = cars(&world).await;
    assert!(cars.len() > VEHICLES / 2 && cars.len() < VEHICLES, "some are sold: {}", cars.len());
    (world, cars)
}

#[tokio::test]
async fn the_listing_agrees_with_its_model_on_a_thousand_random_questions() {
    agrees(1).await;
}

#[tokio::test]
async fn and_on_another_thousand() {
    agrees(2).await;
}

#[tokio::test]
async fn and_on_a_third() {
    agrees(20_260_821).await;
}

async fn agrees(seed: u64) {
    let mut random = Rng::with_seed(seed);
    let (world, cars) = dealership(&mut random).await;
    let model = model(&cars);
    let mut answered = 0;
    for _ in 0..QUESTIONS {
        let question = question(&mut random, &cars);
        let expected = listed(&cars, &model, &question);
        let size = random.usize(1..=100);
        let page = random.usize(1..=expected.len() / size + 2).min(random.usize(1..=4));
        let list = world.get(&url("/vehicles", &question, page, size)).await.ok();
        let ids: Vec<&str> = list["vehicles"]
            .as_array()
            .unwrap()
            .iter()
            .map(|vehicle| vehicle["id"].as_str().unwrap())
            .collect();
        let window: Vec<&String> = expected.iter().skip((page - 1) * size).take(size).collect();
        assert_eq!(ids, window, "{question:?}, page {page} of {size}");
        assert_eq!(list["totalCount"], expected.len(), "{question:?}");
        assert_eq!(list["totalPages"], expected.len().div_ceil(size), "{question:?}");
        answered += usize::from(!expected.is_empty());
    }
    assert!(answered > QUESTIONS / 3, "only {answered} questions have an answer");
}

/// The counts of a facet by folded name.
fn counts(facet: &Value) -> Vec<(String, u64)> {
    let name = |name: &Value| name.as_str().map_or_else(|| name.to_string(), fold);
    let mut counts: Vec<_> = facet
        .as_array()
        .unwrap()
        .iter()
        .map(|choice| (name(&choice["name"]), choice["count"].as_u64().unwrap()))
        .collect();
    assert!(counts.is_sorted_by(|one, other| one.1 >= other.1), "the highest count first: {facet}");
    counts.sort();
    counts
}

#[tokio::test]
async fn facets_agree_with_the_model_each_under_the_other_filters() {
    let mut random = Rng::with_seed(8);
    let (world, cars) = dealership(&mut random).await;
    let model = model(&cars);
    for _ in 0..FACETS {
        let question = question(&mut random, &cars);
        let facets = world.get(&url("/vehicles/facets", &question, 0, 0)).await.ok();
        let meaning = model.meaning(last(&question, "search").unwrap_or_default());
        let under_others = |but: &str| -> Vec<&Car> {
            let others = |group: &&&[&str]| !group.contains(&but);
            cars.iter()
                .filter(|car| {
                    found(car, &meaning)
                        && GROUPS.iter().filter(others).all(|group| passes(car, &question, group))
                })
                .collect()
        };
        for (facet, parameter, column) in [
            ("marcas", "marca", "marca"),
            ("models", "modelo", "modelo"),
            ("years", "autoano", "autoano"),
            ("transmissions", "transmision", "transmision"),
            ("combustibles", "combustible", "combustible"),
            ("warranties", "garantia", "garantia"),
            ("classifications", "carroceria", "clasificacionid"),
            ("promotions", "promociones", "promociones"),
            ("sucursales", "ubicacion", "sucursal"),
        ] {
            let mut expected: Vec<(String, u64)> = Vec::new();
            for car in under_others(parameter) {
                let names: BTreeSet<String> = match car.json[column].as_i64() {
                    Some(year) => [year.to_string()].into(),
                    None => car.texts(column).into_iter().collect(),
                };
                for name in names {
                    match expected.iter_mut().find(|(known, _)| *known == name) {
                        Some((_, count)) => *count += 1,
                        None => expected.push((name, 1)),
                    }
                }
            }
            expected.sort();
            assert_eq!(counts(&facets[facet]), expected, "{facet} of {question:?}");
        }
        for (low, high, parameter, column) in [
            ("minPrice", "maxPrice", "minPrice", "precio_final"),
            ("minYear", "maxYear", "minYear", "autoano"),
            ("minMileage", "maxMileage", "minMileage", "kilometraje"),
            ("minEnganche", "maxEnganche", "enganchemin", "enganchemin"),
        ] {
            let known: Vec<f64> =
                under_others(parameter).iter().filter_map(|car| car.number(column)).collect();
            assert_eq!(facets[low].as_f64(), known.iter().copied().reduce(f64::min), "{question:?}");
            assert_eq!(facets[high].as_f64(), known.iter().copied().reduce(f64::max), "{question:?}");
        }
        assert_eq!(facets["totalCount"], listed(&cars, &model, &question).len(), "{question:?}");
    }
}
