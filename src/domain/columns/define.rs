//! The macro behind the table of columns.
//!
//! **Invariants:** it generates types and accessors, no logic: what is compared, kept, stored or shown is decided over
//! [`ColumnValue`](super::ColumnValue) and [`Described`](super::Described). An entry whose Rust type cannot hold its kind does not
//! compile.

/// Defines `Content`, `Column` and `COLUMNS` from one entry for each column, in their order.
macro_rules! columns {
    ($(
        $(#[doc = $meaning:literal])+
        $field:ident: $type:ty $(= $column:ident($kind:ident))?, $audience:ident $($example:literal)?;
    )+) => {
        /// Everything that follows from the Airtable record alone: the normalized vehicle.
        ///
        /// Two equal contents need no write. Slug and times are given by the database, see `db::vehicles`.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[expect(non_snake_case, reason = "columns carry the names of the public JSON")]
        pub struct Content {
            /// The Airtable id.
            pub record_id: RecordId,
            /// When the record was created in Airtable.
            pub created_at: DateTime<Utc>,
            $($(#[doc = $meaning])+ pub $field: $type,)+
            /// Every field as Airtable sent it.
            pub data: Fields,
        }

        /// A column that is read from Airtable fields.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Column {
            $($(#[doc = concat!("`", stringify!($field), "`.")] $column,)?)+
        }

        /// Every column of [`Content`] beside `record_id`, `created_at` and `data`.
        const COLUMNS: &[Described] = &[$(Described {
            name: stringify!($field),
            json: <$type as Held>::JSON,
            nullable: <$type as Held>::NULLABLE,
            audience: Audience::$audience,
            meaning: concat!($($meaning),+).trim_ascii(),
            examples: &[$(|| $example.into())?],
        },)+];

        impl Column {
            /// Every column that is read from Airtable, in the order of [`Content`].
            pub const ALL: &[Self] = &[$($(Self::$column,)?)+];

            /// Its name in `config/fields.toml`, SQL and JSON.
            pub const fn as_str(self) -> &'static str {
                match self { $($(Self::$column => stringify!($field),)?)+ }
            }

            /// The kind of value it is read as.
            pub const fn kind(self) -> Kind {
                match self { $($(Self::$column => Kind::$kind,)?)+ }
            }
        }

        impl Content {
            /// A content with nothing in its columns.
            pub(super) fn empty(record_id: RecordId, created_at: DateTime<Utc>) -> Self {
                Self { record_id, created_at, $($field: <$type>::default(),)+ data: Fields::new() }
            }

            /// The value of a column that is read from Airtable.
            pub fn value(&self, column: Column) -> ColumnValue<'_> {
                match column { $($(Column::$column => self.$field.view(),)?)+ }
            }

            /// Puts a value into a column that is read from Airtable.
            pub(super) fn set(&mut self, column: Column, value: ColumnValue<'_>) {
                match column { $($(Column::$column => self.$field = Held::of(value).unwrap_or_default(),)?)+ }
            }

            /// The values of all columns with their names, derived ones too.
            pub(super) fn values(&self) -> [(&'static str, ColumnValue<'_>); COLUMNS.len()] {
                [$((stringify!($field), self.$field.view()),)+]
            }
        }

        $($(const _: () = assert!(
            Kind::$kind.json() as u8 == <$type as Held>::JSON as u8,
            concat!("`", stringify!($field), "` has a Rust type that cannot hold its kind")
        );)?)+
    };
}

pub(super) use columns;
