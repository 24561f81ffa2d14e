//! The last part of a vehicle's address.
//!
//! **Invariants:** a slug is `[a-z0-9]+(-[a-z0-9]+)*` and at most [`MAX_CHARS`] long before a year or a numeric suffix is added.
//! No vehicle's slug is one of [`RESERVED_SLUGS`], which are routes beside it.
//!
//! **Not here:** the suffix that makes it unique, and redirects from former ones; the database gives both.

use std::borrow::Cow;

use deunicode::deunicode_char;

use super::Content;

/// Words that stand where slugs do: `/vehicles/facets`, `/rapid-processor/cache-stats`, …
pub const RESERVED_SLUGS: &[&str] = &["facets", "slugs", "cache-stats", "invalidate-cache"];

/// How long [`slugify`] lets a slug become.
const MAX_CHARS: usize = 80;

/// The slug of a vehicle whose title leaves nothing to make one of.
const NAMELESS: &str = "auto";

/// Lower-case ASCII words joined by `-`, accents folded, at most 80 characters, cut at a word; empty when nothing is left.
pub fn slugify(text: &str) -> String {
    let mut slug = String::new();
    let mut word = String::new();
    let mut marks = text.chars().flat_map(|mark| match deunicode_char(mark) {
        // Combining accents are folded to nothing and do not end a word.
        Some(folded) => folded.chars(),
        None => " ".chars(),
    });
    loop {
        let mark = marks.next();
        match mark {
            Some(mark) if mark.is_ascii_alphanumeric() && word.len() < MAX_CHARS => {
                word.push(mark.to_ascii_lowercase());
            }
            Some(mark) if mark.is_ascii_alphanumeric() => {}
            _ if word.is_empty() => {}
            _ => {
                let hyphen = usize::from(!slug.is_empty());
                if slug.len() + hyphen + word.len() > MAX_CHARS {
                    return slug;
                }
                if hyphen > 0 {
                    slug.push('-');
                }
                slug.push_str(&word);
                word.clear();
            }
        }
        if mark.is_none() {
            return slug;
        }
    }
}

/// The slug that an address of a page asks for (its last part that is not empty), or any other text.
pub(super) fn of_page(text: &str) -> Result<String, String> {
    let path = match text.split_once("://") {
        Some((_, host_and_path)) => host_and_path.split_once('/').map_or("", |(_, path)| path),
        None if text.contains(char::is_whitespace) => return usable(text),
        None => text,
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    usable(&percent_decoded(path.rsplit('/').find(|part| !part.is_empty()).unwrap_or_default()))
}

/// A part of an address as it is read: `cami%C3%B3n` is `camión`. What is not percent-encoded UTF-8 stays as it is.
fn percent_decoded(part: &str) -> Cow<'_, str> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let [first, after @ ..] = rest {
        let digit = |place: usize| char::from(*after.get(place)?).to_digit(16);
        if *first == b'%'
            && let (Some(high), Some(low)) = (digit(0), digit(1))
            && let Ok(byte) = u8::try_from(high * 16 + low)
        {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(part), Cow::Owned)
}

fn usable(text: &str) -> Result<String, String> {
    let slug = slugify(text);
    if slug.is_empty() {
        Err("there are no letters or digits to make an address of".to_owned())
    } else if RESERVED_SLUGS.contains(&slug.as_str()) {
        Err(format!("`{slug}` is the address of something else; choose another"))
    } else {
        Ok(slug)
    }
}

impl Content {
    /// The slug to try first: the one asked for, else made from the vehicle's name and year (unless the name has it); never empty,
    /// never reserved.
    pub fn slug_base(&self, name: &str) -> String {
        if let Some(Ok(wanted)) = self.slug_wanted.as_deref().map(usable) {
            return wanted;
        }
        let mut slug = slugify(name);
        if slug.is_empty() {
            NAMELESS.clone_into(&mut slug);
        }
        if let Some(year) = self.autoano.map(|year| year.to_string())
            && !slug.split('-').any(|word| word == year)
        {
            slug = format!("{slug}-{year}");
        }
        if RESERVED_SLUGS.contains(&slug.as_str()) { format!("{slug}-{NAMELESS}") } else { slug }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::samples;

    #[test]
    fn a_slug_is_made_of_the_words_of_a_text() {
        for (text, slug) in [
            ("Mazda 3 Sport 2.5", "mazda-3-sport-2-5"),
            ("  Citroën   C3 — Édition Spéciale!", "citroen-c3-edition-speciale"),
            ("Año del niño", "ano-del-nino"),
            ("An\u{303}o", "ano"),
            ("Kia/Río (2020)", "kia-rio-2020"),
            ("---", ""),
            ("", ""),
        ] {
            assert_eq!(slugify(text), slug, "{text:?}");
        }
    }

    #[test]
    fn a_long_slug_is_cut_at_a_word() {
        let slug = slugify(&"palabra ".repeat(20_000));
        assert_eq!(slug, ["palabra"; 10].join("-"));
        assert_eq!(slugify(&"x".repeat(100_000)), "x".repeat(MAX_CHARS));
    }

    #[test]
    fn the_slug_of_a_page_is_its_last_part() {
        for (text, slug) in [
            ("https://trefa.mx/autos/mazda-3-2020/", Ok("mazda-3-2020")),
            ("https://trefa.mx/autos/mazda-3-2020?utm=x#top", Ok("mazda-3-2020")),
            ("https://trefa.mx/autos/mazda-3#top/x", Ok("mazda-3")),
            ("/autos/Mazda-3//", Ok("mazda-3")),
            ("https://trefa.mx/autos/cami%C3%B3n-a%c3%b1o-2020/", Ok("camion-ano-2020")),
            ("https://trefa.mx/autos/kia%20r%C3%ADo%2Fsport?x=%C3", Ok("kia-rio-sport")),
            ("kia%20rio", Ok("kia-rio")),
            ("rebaja-5%-hoy", Ok("rebaja-5-hoy")),
            ("mazda%C3", Ok("mazda-c3")),
            ("mazda%", Ok("mazda")),
            ("El 20%25 de hoy", Ok("el-20-25-de-hoy")),
            ("trefa.mx/autos/mazda-3", Ok("mazda-3")),
            ("mazda-3", Ok("mazda-3")),
            ("Mazda 3 Hatchback / Sport", Ok("mazda-3-hatchback-sport")),
            ("https://trefa.mx/", Err(())),
            ("https://trefa.mx", Err(())),
            ("https://trefa.mx/?p=7", Err(())),
            ("-", Err(())),
            ("https://trefa.mx/vehicles/facets", Err(())),
            ("Slugs", Err(())),
        ] {
            assert_eq!(of_page(text).map_err(drop), slug.map(str::to_owned), "{text}");
        }
    }

    #[test]
    fn the_slug_to_try_first_is_the_one_wanted_else_title_and_year() {
        for (wanted, title, year, slug) in [
            (Some("mi-mazda"), "Mazda 3", Some(2020), "mi-mazda"),
            (None, "Mazda 3", Some(2020), "mazda-3-2020"),
            (None, "Mazda 3 2020 Sport", Some(2020), "mazda-3-2020-sport"),
            (None, "Mazda 2020i", Some(2020), "mazda-2020i-2020"),
            (None, "Mazda 3", None, "mazda-3"),
            (None, "—", Some(2020), "auto-2020"),
            (None, "—", None, "auto"),
            (None, "Facets", None, "facets-auto"),
            (None, "Cache stats", None, "cache-stats-auto"),
            (None, "Facets", Some(2020), "facets-2020"),
            (Some("facets"), "Mazda 3", None, "mazda-3"),
            (Some(""), "Mazda 3", None, "mazda-3"),
        ] {
            let mut content = samples::mazda().content;
            content.slug_wanted = wanted.map(str::to_owned);
            title.clone_into(&mut content.title);
            content.autoano = year;
            assert_eq!(content.slug_base(&content.title), slug);
        }
    }

    fn is_slug(text: &str) -> bool {
        text.split('-').all(|word| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
    }

    proptest! {
        #[test]
        fn a_slug_has_its_form_or_is_empty_and_stays_itself(text in "\\PC{0,120}|(?s).{0,60}") {
            let slug = slugify(&text);
            prop_assert!(slug.is_empty() || is_slug(&slug), "{slug}");
            prop_assert!(slug.len() <= MAX_CHARS);
            prop_assert_eq!(slugify(&slug), slug);
        }

        #[test]
        fn every_vehicle_has_a_slug_that_is_not_reserved(
            wanted in proptest::option::of("(?s).{0,20}|facets|slugs"),
            title in "(?s).{0,20}|Facets|slugs|cache stats",
            year in proptest::option::of(1900..2030),
        ) {
            let mut content = samples::mazda().content;
            (content.slug_wanted, content.title, content.autoano) = (wanted, title, year);
            let slug = content.slug_base(&content.title);
            prop_assert!(is_slug(&slug) && !RESERVED_SLUGS.contains(&slug.as_str()), "{slug}");
        }
    }
}
