//! What is sold used in Mexico: one line per model line, with real version names.
//!
//! **Units:** `new_price` is what a mid-range one of 2026 costs new, in pesos (the last year's price for lines no longer made);
//! `popularity` is how many of a dealer's cars are one, relative to the others.

use super::picture::Body;

/// A model line.
pub(super) struct Model {
    pub(super) brand: &'static str,
    pub(super) name: &'static str,
    pub(super) body: Body,
    /// A second body type it is filed under; empty for most.
    pub(super) also: &'static str,
    pub(super) first_year: i32,
    pub(super) last_year: i32,
    pub(super) engine: &'static str,
    /// 0 for electric ones.
    pub(super) cylinders: u8,
    pub(super) gearboxes: &'static [&'static str],
    pub(super) fuel: &'static str,
    pub(super) new_price: i64,
    pub(super) popularity: usize,
    /// From the plainest to the best equipped.
    pub(super) versions: &'static [&'static str],
}

const MANUAL: &str = "Manual";
const AUTO: &str = "Automática";
const CVT: &str = "CVT";
const GAS: &str = "Gasolina";
const DIESEL: &str = "Diésel";
const HYBRID: &str = "Híbrido";
const ELECTRIC: &str = "Eléctrico";

macro_rules! models {
    ($($brand:literal $name:literal $body:ident $also:literal $first:literal-$last:literal $engine:literal $cylinders:literal
       [$($gearbox:ident)+] $fuel:ident $price:literal $popularity:literal [$($version:literal),+];)+) => {
        /// Every model line.
        pub(super) const MODELS: &[Model] = &[$(Model {
            brand: $brand, name: $name, body: Body::$body, also: $also, first_year: $first, last_year: $last,
            engine: $engine, cylinders: $cylinders, gearboxes: &[$($gearbox),+], fuel: $fuel,
            new_price: $price, popularity: $popularity, versions: &[$($version),+],
        }),+];
    };
}

models! {
//  brand           model             body      also          years     engine cyl gearboxes     fuel     new      pop versions
    "Nissan"        "Versa"           Sedan     ""            2012-2026 "1.6 L" 4 [MANUAL CVT]   GAS       389_900 10 ["Sense", "Advance", "Exclusive", "Platinum"];
    "Nissan"        "March"           Hatchback ""            2012-2024 "1.6 L" 4 [MANUAL AUTO]  GAS       279_900  8 ["Sense", "Advance", "Exclusive"];
    "Nissan"        "Sentra"          Sedan     ""            2013-2026 "2.0 L" 4 [MANUAL CVT]   GAS       479_900  8 ["Sense", "Advance", "SR", "Exclusive"];
    "Nissan"        "Kicks"           Suv       "Crossover"   2017-2026 "1.6 L" 4 [MANUAL CVT]   GAS       489_900  8 ["Sense", "Advance", "Exclusive", "Platinum"];
    "Nissan"        "X-Trail"         Suv       ""            2015-2026 "2.5 L" 4 [CVT]          GAS       699_900  5 ["Sense 2 Row", "Advance 3 Row", "Exclusive 3 Row"];
    "Nissan"        "NP300"           Pickup    ""            2016-2026 "2.5 L" 4 [MANUAL]       GAS       449_900  6 ["Chasis Cabina", "Estándar", "Doble Cabina SE", "Frontier LE"];
    "Nissan"        "NP300 Diésel"    Pickup    ""            2017-2026 "2.5 L" 4 [MANUAL]       DIESEL    539_900  2 ["Doble Cabina S", "Doble Cabina SE"];
    "Volkswagen"    "Jetta"           Sedan     ""            2012-2026 "1.4 L" 4 [MANUAL AUTO]  GAS       499_900  9 ["Trendline", "Comfortline", "Sportline", "Highline", "GLI"];
    "Volkswagen"    "Vento"           Sedan     ""            2014-2022 "1.6 L" 4 [MANUAL AUTO]  GAS       319_900  8 ["Startline", "Comfortline", "Highline"];
    "Volkswagen"    "Virtus"          Sedan     ""            2020-2026 "1.6 L" 4 [MANUAL AUTO]  GAS       414_900  4 ["Trendline", "Comfortline", "Highline"];
    "Volkswagen"    "Polo"            Hatchback ""            2013-2022 "1.6 L" 4 [MANUAL AUTO]  GAS       329_900  4 ["Startline", "Comfortline Plus", "Design & Sound"];
    "Volkswagen"    "Golf GTI"        Hatchback "Deportivo"   2015-2024 "2.0 L" 4 [MANUAL AUTO]  GAS       799_900  2 ["DSG", "Oettinger"];
    "Volkswagen"    "Taos"            Suv       ""            2021-2026 "1.4 L" 4 [AUTO]         GAS       629_900  5 ["Trendline", "Comfortline", "Highline"];
    "Volkswagen"    "Tiguan"          Suv       ""            2014-2026 "1.4 L" 4 [AUTO]         GAS       759_900  5 ["Trendline Plus", "Comfortline", "R-Line", "Highline"];
    "Chevrolet"     "Aveo"            Sedan     ""            2013-2026 "1.5 L" 4 [MANUAL AUTO]  GAS       309_900 10 ["LS", "LT", "LTZ"];
    "Chevrolet"     "Beat"            Hatchback ""            2018-2021 "1.2 L" 4 [MANUAL]       GAS       229_900  4 ["LS", "LT", "LTZ"];
    "Chevrolet"     "Onix"            Sedan     ""            2021-2026 "1.2 L" 3 [MANUAL AUTO]  GAS       389_900  7 ["LS", "LT", "RS", "Premier"];
    "Chevrolet"     "Cavalier"        Sedan     ""            2018-2026 "1.5 L" 4 [MANUAL AUTO]  GAS       439_900  4 ["LS", "LT", "Premier"];
    "Chevrolet"     "Tracker"         Suv       ""            2014-2026 "1.2 L" 3 [MANUAL AUTO]  GAS       499_900  5 ["LS", "LT", "RS", "Premier"];
    "Chevrolet"     "Captiva"         Suv       ""            2022-2026 "1.5 L" 4 [CVT]          GAS       519_900  3 ["LT 5 Pasajeros", "LT 7 Pasajeros", "Premier"];
    "Chevrolet"     "Silverado"       Pickup    ""            2014-2026 "5.3 L" 8 [AUTO]         GAS     1_099_900  3 ["WT", "LT Cabina Doble", "Z71", "High Country"];
    "Mazda"         "2"               Hatchback ""            2015-2026 "1.5 L" 4 [MANUAL AUTO]  GAS       399_900  6 ["i", "i Touring", "i Grand Touring"];
    "Mazda"         "3"               Sedan     ""            2014-2026 "2.5 L" 4 [MANUAL AUTO]  GAS       499_900  9 ["i", "i Touring", "i Sport", "i Grand Touring", "Signature"];
    "Mazda"         "3 Hatchback"     Hatchback ""            2014-2026 "2.5 L" 4 [AUTO]         GAS       519_900  4 ["i Sport", "s Grand Touring", "Turbo Signature"];
    "Mazda"         "CX-3"            Suv       "Crossover"   2016-2026 "2.0 L" 4 [AUTO]         GAS       459_900  4 ["i Sport 2WD", "i Grand Touring"];
    "Mazda"         "CX-30"           Suv       "Crossover"   2020-2026 "2.5 L" 4 [AUTO]         GAS       569_900  5 ["i Sport", "i Grand Touring", "Signature"];
    "Mazda"         "CX-5"            Suv       ""            2014-2026 "2.5 L" 4 [AUTO]         GAS       679_900  7 ["i", "i Sport", "s Grand Touring", "Signature"];
    "Mazda"         "MX-5"            Coupe     "Deportivo"   2016-2026 "2.0 L" 4 [MANUAL AUTO]  GAS       669_900  1 ["i Sport", "i Grand Touring RF"];
    "Honda"         "City"            Sedan     ""            2014-2026 "1.5 L" 4 [MANUAL CVT]   GAS       399_900  6 ["LX", "Sport", "EX", "Touring"];
    "Honda"         "Civic"           Sedan     ""            2013-2026 "2.0 L" 4 [CVT]          GAS       589_900  6 ["i-Style", "EX", "Turbo Plus", "Touring"];
    "Honda"         "Civic Coupé"     Coupe     ""            2014-2020 "1.5 L" 4 [CVT]          GAS       519_900  1 ["Turbo", "Turbo Sport"];
    "Honda"         "HR-V"            Suv       "Crossover"   2016-2026 "1.8 L" 4 [MANUAL CVT]   GAS       569_900  5 ["Uniq", "Prime", "Touring"];
    "Honda"         "CR-V"            Suv       ""            2012-2026 "1.5 L" 4 [CVT]          GAS       769_900  6 ["EX", "i-Style", "Turbo Plus", "Touring"];
    "Honda"         "Odyssey"         Minivan   ""            2014-2025 "3.5 L" 6 [AUTO]         GAS     1_099_900  2 ["Prime", "EXL", "Touring"];
    "Toyota"        "Corolla"         Sedan     ""            2014-2026 "1.8 L" 4 [MANUAL CVT]   GAS       469_900  6 ["Base", "LE", "SE"];
    "Toyota"        "Corolla Hybrid"  Sedan     ""            2020-2026 "1.8 L" 4 [CVT]          HYBRID    539_900  3 ["Base", "LE"];
    "Toyota"        "Prius"           Hatchback ""            2016-2022 "1.8 L" 4 [CVT]          HYBRID    499_900  2 ["Base", "Premium", "Premium SR"];
    "Toyota"        "Yaris"           Sedan     ""            2016-2026 "1.5 L" 4 [MANUAL CVT]   GAS       369_900  6 ["Core", "S", "Sport"];
    "Toyota"        "RAV4"            Suv       ""            2013-2026 "2.5 L" 4 [AUTO]         GAS       699_900  5 ["LE", "XLE", "Adventure", "Limited"];
    "Toyota"        "RAV4 Hybrid"     Suv       ""            2019-2026 "2.5 L" 4 [CVT]          HYBRID    799_900  3 ["XLE", "SE", "Limited"];
    "Toyota"        "Sienna"          Minivan   ""            2014-2026 "2.5 L" 4 [CVT]          HYBRID  1_049_900  2 ["LE", "XLE", "Limited"];
    "Toyota"        "Avanza"          Minivan   ""            2012-2026 "1.5 L" 4 [MANUAL AUTO]  GAS       409_900  4 ["LE", "XLE"];
    "Toyota"        "Hilux"           Pickup    ""            2014-2026 "2.7 L" 4 [MANUAL]       GAS       549_900  4 ["Chasis Cabina", "Doble Cabina Base", "Doble Cabina SR"];
    "Toyota"        "Hilux Diésel"    Pickup    ""            2018-2026 "2.8 L" 4 [MANUAL AUTO]  DIESEL    719_900  2 ["SR", "4x4"];
    "Toyota"        "Tacoma"          Pickup    ""            2014-2026 "3.5 L" 6 [AUTO]         GAS       949_900  3 ["SR5", "TRD Sport", "TRD Off-Road"];
    "Kia"           "Rio"             Sedan     ""            2017-2023 "1.6 L" 4 [MANUAL AUTO]  GAS       339_900  7 ["L", "LX", "EX", "S Pack"];
    "Kia"           "Rio Hatchback"   Hatchback ""            2017-2023 "1.6 L" 4 [MANUAL AUTO]  GAS       344_900  4 ["LX", "EX", "S Pack"];
    "Kia"           "Forte"           Sedan     ""            2014-2024 "2.0 L" 4 [MANUAL AUTO]  GAS       429_900  7 ["L", "LX", "EX", "GT Line"];
    "Kia"           "K3"              Sedan     ""            2024-2026 "1.6 L" 4 [MANUAL AUTO]  GAS       409_900  3 ["L", "LX", "EX", "GT Line"];
    "Kia"           "Seltos"          Suv       "Crossover"   2020-2026 "1.6 L" 4 [MANUAL CVT]   GAS       499_900  5 ["L", "LX", "EX", "SX"];
    "Kia"           "Sportage"        Suv       ""            2016-2026 "2.0 L" 4 [MANUAL AUTO]  GAS       639_900  6 ["LX", "EX", "EX Pack", "SXL"];
    "Hyundai"       "Grand i10"       Hatchback ""            2014-2026 "1.2 L" 4 [MANUAL AUTO]  GAS       289_900  6 ["GL", "GL MID", "GLS"];
    "Hyundai"       "Accent"          Sedan     ""            2018-2023 "1.6 L" 4 [MANUAL AUTO]  GAS       349_900  4 ["GL", "GL MID", "GLS"];
    "Hyundai"       "Creta"           Suv       ""            2017-2026 "1.5 L" 4 [MANUAL CVT]   GAS       479_900  5 ["GL", "GLS", "Limited"];
    "Hyundai"       "Tucson"          Suv       ""            2016-2026 "2.5 L" 4 [AUTO]         GAS       669_900  4 ["GL", "GLS", "Limited Tech"];
    "Hyundai"       "Staria"          Minivan   ""            2022-2026 "2.2 L" 4 [AUTO]         DIESEL    899_900  1 ["GLS", "Premium"];
    "Ford"          "Figo"            Sedan     ""            2016-2021 "1.5 L" 4 [MANUAL AUTO]  GAS       269_900  4 ["Impulse", "Energy", "Titanium"];
    "Ford"          "Fiesta"          Hatchback ""            2012-2019 "1.6 L" 4 [MANUAL AUTO]  GAS       289_900  3 ["S", "SE", "ST"];
    "Ford"          "Mustang"         Coupe     "Deportivo"   2015-2026 "5.0 L" 8 [MANUAL AUTO]  GAS     1_149_900  2 ["EcoBoost", "GT", "GT Premium"];
    "Ford"          "Territory"       Suv       ""            2021-2026 "1.8 L" 4 [AUTO]         GAS       649_900  4 ["Ambiente", "Trend", "Titanium"];
    "Ford"          "Escape"          Suv       ""            2013-2022 "2.0 L" 4 [AUTO]         GAS       649_900  3 ["S", "SE", "Trend Advance", "Titanium"];
    "Ford"          "Ranger"          Pickup    ""            2014-2026 "2.5 L" 4 [MANUAL]       GAS       599_900  4 ["XL Crew Cab", "XLT", "Wildtrak"];
    "Ford"          "Lobo"            Pickup    ""            2015-2026 "3.5 L" 6 [AUTO]         GAS     1_249_900  2 ["XLT", "Lariat", "Platinum"];
    "Renault"       "Logan"           Sedan     ""            2015-2026 "1.6 L" 4 [MANUAL CVT]   GAS       299_900  4 ["Life", "Zen", "Intens"];
    "Renault"       "Stepway"         Hatchback "Crossover"   2016-2026 "1.6 L" 4 [MANUAL CVT]   GAS       319_900  3 ["Zen", "Intens"];
    "Renault"       "Duster"          Suv       ""            2013-2026 "1.3 L" 4 [MANUAL CVT]   GAS       439_900  4 ["Zen", "Intens", "Iconic"];
    "Renault"       "Oroch"           Pickup    ""            2017-2026 "1.3 L" 4 [MANUAL CVT]   GAS       429_900  3 ["Zen", "Intens", "Outsider"];
    "SEAT"          "Ibiza"           Hatchback ""            2013-2026 "1.6 L" 4 [MANUAL AUTO]  GAS       409_900  5 ["Reference", "Style", "Xcellence", "FR"];
    "SEAT"          "León"            Hatchback ""            2014-2024 "1.4 L" 4 [MANUAL AUTO]  GAS       529_900  3 ["Style", "FR", "Cupra"];
    "SEAT"          "Arona"           Suv       "Crossover"   2018-2026 "1.6 L" 4 [MANUAL AUTO]  GAS       479_900  3 ["Reference", "Style", "Xcellence", "FR"];
    "SEAT"          "Ateca"           Suv       ""            2017-2025 "1.4 L" 4 [AUTO]         GAS       629_900  3 ["Style", "Xcellence", "FR"];
    "Citroën"       "C3"              Hatchback ""            2022-2026 "1.6 L" 4 [MANUAL AUTO]  GAS       319_900  2 ["Live", "Feel", "Feel Plus"];
    "Citroën"       "C5 Aircross"     Suv       ""            2020-2025 "1.6 L" 4 [AUTO]         GAS       679_900  1 ["Feel", "Shine"];
    "Peugeot"       "208"             Hatchback ""            2014-2026 "1.2 L" 3 [MANUAL AUTO]  GAS       429_900  3 ["Active", "Allure", "GT"];
    "Peugeot"       "2008"            Suv       "Crossover"   2015-2026 "1.2 L" 3 [MANUAL AUTO]  GAS       519_900  3 ["Active", "Allure", "GT"];
    "Peugeot"       "Partner"         Minivan   ""            2017-2026 "1.6 L" 4 [MANUAL]       DIESEL    449_900  2 ["HDi Maxi", "Confort", "Rapid"];
    "Suzuki"        "Swift"           Hatchback ""            2013-2026 "1.2 L" 4 [MANUAL CVT]   GAS       379_900  5 ["GLS", "GLX", "Boosterjet", "Sport"];
    "Suzuki"        "Ignis"           Hatchback "Crossover"   2018-2026 "1.2 L" 4 [MANUAL CVT]   GAS       329_900  3 ["GL", "GLX"];
    "Suzuki"        "Ertiga"          Minivan   ""            2018-2026 "1.5 L" 4 [MANUAL AUTO]  GAS       419_900  4 ["GLS", "GLX", "XL7"];
    "Suzuki"        "Jimny"           Suv       "4x4"         2021-2026 "1.5 L" 4 [MANUAL AUTO]  GAS       539_900  1 ["GLX", "GLX 5 Puertas"];
    "MG"            "5"               Sedan     ""            2021-2026 "1.5 L" 4 [MANUAL CVT]   GAS       319_900  5 ["Style", "Excite", "Elegance"];
    "MG"            "ZS"              Suv       "Crossover"   2021-2026 "1.5 L" 4 [MANUAL CVT]   GAS       389_900  4 ["Style", "Excite", "Elegance"];
    "MG"            "4"               Hatchback ""            2023-2026 "150 kW" 0 [AUTO]        ELECTRIC  599_900  1 ["Excite", "Elegance", "XPower"];
    "BYD"           "Dolphin"         Hatchback ""            2024-2026 "70 kW" 0 [AUTO]         ELECTRIC  539_900  1 ["Mini Plus", "GS", "Plus"];
    "BMW"           "Serie 1"         Hatchback ""            2013-2025 "1.5 L" 3 [AUTO]         GAS       699_900  2 ["118i", "120i Sport Line", "M135i"];
    "BMW"           "Serie 3"         Sedan     ""            2013-2026 "2.0 L" 4 [AUTO]         GAS       999_900  3 ["320i", "330i Sport Line", "330e M Sport"];
    "BMW"           "X1"              Suv       ""            2014-2026 "1.5 L" 3 [AUTO]         GAS       849_900  3 ["sDrive18i", "sDrive20i X Line"];
    "Audi"          "A1"              Hatchback ""            2013-2024 "1.4 L" 4 [MANUAL AUTO]  GAS       549_900  2 ["Cool", "Ego", "S Line"];
    "Audi"          "A3"              Sedan     ""            2014-2026 "1.4 L" 4 [AUTO]         GAS       729_900  3 ["Dynamic", "Select", "S Line"];
    "Audi"          "Q3"              Suv       ""            2014-2026 "1.4 L" 4 [AUTO]         GAS       819_900  2 ["Dynamic", "Select", "S Line"];
    "Mercedes-Benz" "Clase A"         Hatchback ""            2014-2025 "1.3 L" 4 [AUTO]         GAS       779_900  2 ["A 200 Style", "A 200 Progressive", "A 250 AMG Line"];
    "Mercedes-Benz" "Clase C Coupé"   Coupe     ""            2015-2023 "2.0 L" 4 [AUTO]         GAS     1_049_900  1 ["C 200", "C 250 Sport", "AMG C 43"];
    "Mercedes-Benz" "GLA"             Suv       ""            2015-2026 "1.3 L" 4 [AUTO]         GAS       869_900  2 ["GLA 180", "GLA 200 Progressive", "GLA 250 AMG Line"];
    "Jeep"          "Renegade"        Suv       ""            2017-2026 "1.3 L" 4 [MANUAL AUTO]  GAS       579_900  4 ["Sport", "Latitude", "Trailhawk"];
    "Jeep"          "Compass"         Suv       ""            2013-2026 "1.3 L" 4 [AUTO]         GAS       689_900  3 ["Sport", "Latitude", "Limited"];
    "Jeep"          "Wrangler"        Suv       "4x4"         2014-2026 "3.6 L" 6 [MANUAL AUTO]  GAS     1_199_900  2 ["Sport", "Unlimited Sahara", "Rubicon"];
    "RAM"           "700"             Pickup    ""            2015-2026 "1.3 L" 4 [MANUAL CVT]   GAS       349_900  4 ["SLT", "Bighorn", "Laramie"];
    "RAM"           "1500"            Pickup    ""            2014-2026 "5.7 L" 8 [AUTO]         GAS     1_149_900  2 ["SLT", "Laramie", "Limited"];
    "GMC"           "Terrain"         Suv       ""            2014-2026 "1.5 L" 4 [AUTO]         GAS       899_900  2 ["SLE", "SLT", "Denali"];
    "GMC"           "Sierra"          Pickup    ""            2014-2026 "5.3 L" 8 [AUTO]         GAS     1_249_900  2 ["SLE", "AT4", "Denali"];
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_model_line_is_plausible_and_stands_once() {
        let mut seen = BTreeSet::new();
        for model in MODELS {
            let name = format!("{} {}", model.brand, model.name);
            assert!(seen.insert(name.clone()), "{name} stands twice");
            assert!(
                2012 <= model.first_year && model.first_year < model.last_year && model.last_year <= 2026,
                "{name}"
            );
            assert!((200_000..1_500_000).contains(&model.new_price), "{name}");
            assert_eq!(model.cylinders == 0, model.fuel == ELECTRIC, "{name}");
            assert!(model.popularity > 0 && !model.versions.is_empty(), "{name}");
        }
        assert!(seen.len() >= 60);
    }
}
