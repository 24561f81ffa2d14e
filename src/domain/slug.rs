//! The last part of a vehicle's address.
//!
//! **Invariants:** a slug is `[a-z0-9]+(-[a-z0-9]+)*` and at most [`MAX_CHARS`] long before a year or a numeric suffix is added.
//! No vehicle's slug is one of [`RESERVED_SLUGS`], which are routes beside it.
//!
//! **Not here:** the suffix that makes it unique, and redirects from former ones; the database gives both.

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
    usable(path.rsplit('/').find(|part| !part.is_empty()).unwrap_or_default())
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
    /// The slug to try first: the one asked for, else made from title and year (unless the title has it); never empty, never
    /// reserved.
    pub fn slug_base(&self) -> String {
        if let Some(Ok(wanted)) = self.slug_wanted.as_deref().map(usable) {
            return wanted;
        }
        let mut slug = slugify(&self.title);
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
