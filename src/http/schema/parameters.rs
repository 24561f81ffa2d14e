//! The parameters of the listing and of its facets, with their limits, as the API description has them.
//!
//! **Invariants:** the filters follow from `domain::parameters`.
//!
//! **Not here:** reading them (`domain::Filter`, `catalog::ListQuery`).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        KnownFormat, RefOr, Required, Schema, SchemaFormat,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::{ArrayBuilder, Object, ObjectBuilder, Type},
    },
};

use crate::domain::{
    MAX_CHARS,
    parameters::{FILTERS, Test, Unit},
};

/// The largest amount in pesos.
const MAX_PESOS: f64 = 999_999_999_999.0;

/// What comes first.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OrderBy {
    /// The lowest `precio_final`.
    PriceAsc,
    /// The highest `precio_final`.
    PriceDesc,
    /// The oldest model year.
    YearAsc,
    /// The newest model year.
    YearDesc,
    /// The lowest mileage.
    MileageAsc,
    /// The highest mileage.
    MileageDesc,
    /// The latest arrival in stock.
    Newest,
    /// The best match of the search.
    Relevance,
    /// The same as not given.
    Default,
}

/// Every filter.
#[derive(Debug, Clone, Copy)]
pub struct FilterParameters;

impl IntoParams for FilterParameters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let all = FILTERS.iter().flat_map(|criterion| {
            criterion.parameters.iter().map(|parameter| {
                let (schema, example) = schema_and_example(criterion.test);
                ParameterBuilder::new()
                    .name(parameter.name)
                    .parameter_in(ParameterIn::Query)
                    .description(Some(parameter.about))
                    .required(Required::False)
                    .schema(Some(schema))
                    .example(example)
                    .build()
            })
        });
        all.collect()
    }
}

fn schema_and_example(test: Test) -> (RefOr<Schema>, Option<Value>) {
    let list = |item: Object| ArrayBuilder::new().items(item).into();
    match test {
        Test::Text | Test::Beginning | Test::List | Test::Branches => {
            let name = ObjectBuilder::new().schema_type(Type::String).max_length(Some(MAX_CHARS)).build();
            (list(name), Some(json!([])))
        }
        Test::Year => {
            let year = whole().minimum(Some(0)).maximum(Some(9999)).build();
            (list(year), Some(json!([2020])))
        }
        Test::Range(Unit::Whole) => (whole().minimum(Some(0)).maximum(Some(999_999_999)).into(), None),
        Test::Range(Unit::Pesos) => {
            let amount = ObjectBuilder::new()
                .schema_type(Type::Number)
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::Double)))
                .multiple_of(Some(0.01))
                .minimum(Some(0))
                .maximum(Some(MAX_PESOS));
            (amount.into(), None)
        }
        Test::Flag(_) => (ObjectBuilder::new().schema_type(Type::Boolean).into(), None),
        Test::Search => (ObjectBuilder::new().schema_type(Type::String).into(), Some(json!("mazda 3"))),
    }
}

fn whole() -> ObjectBuilder {
    let format = SchemaFormat::KnownFormat(KnownFormat::Int32);
    ObjectBuilder::new().schema_type(Type::Integer).format(Some(format))
}

/// The order and the page.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParameters {
    /// What comes first. Not given: what fits the search best, without a search the most recently updated.
    #[param(inline)]
    pub orderby: Option<OrderBy>,
    /// The page. One past the end is empty; 4294967295 stands for all that are further off.
    #[param(value_type = Option<i64>, minimum = 1, default = 1)]
    pub page: Option<u32>,
    /// Vehicles on a page.
    #[param(rename = "pageSize", minimum = 1, maximum = 100, default = 20)]
    pub page_size: Option<u32>,
}
