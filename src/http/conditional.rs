//! What a client says of the forms it takes and of those it has.
//!
//! **Invariants:** nothing is allocated. **Sources:** RFC 9110, sections 12.5.3 (`Accept-Encoding`) and 13.1.2 (`If-None-Match`).

use axum::http::{HeaderMap, HeaderValue, header};

use crate::catalog::Coding;

/// The best form that the client takes: its highest weight, ours among equals. A client that says nothing gets the body as it is.
pub(super) fn coding(headers: &HeaderMap) -> Coding {
    let mut wildcard = None;
    let mut weights = [None; Coding::COMPRESSED.len()];
    let mut identity = None;
    for list in headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()) {
        for (name, weight) in list.split(',').filter_map(weighted) {
            let known = Coding::COMPRESSED.iter().zip(&mut weights);
            let slot = known.into_iter().find(|(coding, _)| name.eq_ignore_ascii_case(coding.name()));
            if let Some((_, slot)) = slot {
                *slot = Some(weight);
            } else if name.eq_ignore_ascii_case("x-gzip") {
                weights[2] = Some(weight);
            } else if name == "*" {
                wildcard = Some(weight);
            } else if name.eq_ignore_ascii_case("identity") {
                identity = Some(weight);
            }
        }
    }
    let (mut best, mut highest) = (Coding::Identity, 0);
    for (coding, weight) in Coding::COMPRESSED.into_iter().zip(weights) {
        let weight = weight.or(wildcard).unwrap_or(0);
        if weight > highest {
            (best, highest) = (coding, weight);
        }
    }
    if identity.is_some_and(|weight| weight > highest) { Coding::Identity } else { best }
}

/// A coding and its weight in thousandths; `None` for what is not one.
fn weighted(item: &str) -> Option<(&str, u16)> {
    let mut parts = item.split(';');
    let name = parts.next()?.trim();
    let weight = parts.find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case("q").then(|| value.trim())
    });
    Some((name, weight.map_or(Some(1000), thousandths)?))
}

/// `0` to `1` with at most three digits behind the point.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    if !matches!(whole, "0" | "1") || rest.len() > 3 || !rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let places = [100, 10, 1];
    let rest: u16 = rest.bytes().zip(places).map(|(digit, place)| u16::from(digit - b'0') * place).sum();
    let weight = if whole == "1" { 1000 } else { 0 } + rest;
    (weight <= 1000).then_some(weight)
}

/// What a client has that still holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Held<'a> {
    /// The form with this validator.
    Form(&'a HeaderValue),
    /// Any: it asked with `*`.
    Any,
}

/// What the client has and what still holds, of whatever form: all forms of a body change together. By weak comparison.
pub(super) fn held<'a>(headers: &HeaderMap, etags: &'a [HeaderValue]) -> Option<Held<'a>> {
    let lists = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).find_map(|tag| {
        let tag = tag.trim();
        if tag == "*" {
            return Some(Held::Any);
        }
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        etags.iter().find(|etag| etag.as_bytes() == tag.as_bytes()).map(Held::Form)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &header::HeaderName, values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn the_best_form_that_the_client_takes_is_chosen() {
        for (accepted, chosen) in [
            (&[][..], Coding::Identity),
            (&[""], Coding::Identity),
            (&["gzip"], Coding::Gzip),
            (&["X-Gzip"], Coding::Gzip),
            (&["gzip, deflate, br, zstd"], Coding::Br),
            (&["gzip, deflate", "zstd"], Coding::Zstd),
            (&["gzip;q=1.0, br;q=0.5"], Coding::Gzip),
            (&["br;q=0, *"], Coding::Zstd),
            (&["*;q=0"], Coding::Identity),
            (&["br;q=0.001"], Coding::Br),
            (&["identity, br;q=0.5"], Coding::Identity),
            (&["identity;q=0.5, br;q=0.5"], Coding::Br),
            (&["identity;q=0, compress"], Coding::Identity),
            (&["br;q=2, gzip;q=0.1234, zstd;q=x"], Coding::Identity),
            (&["BR ; Q=0.8 , gzip;q=0.9"], Coding::Gzip),
            (&[",,;q=,"], Coding::Identity),
        ] {
            assert_eq!(coding(&headers(&header::ACCEPT_ENCODING, accepted)), chosen, "{accepted:?}");
        }
    }

    #[test]
    fn any_form_that_the_client_has_is_still_valid() {
        let etags = ["\"a\"", "\"a-br\""].map(HeaderValue::from_static);
        for (given, valid) in [
            (&["\"a\""][..], Some(Held::Form(&etags[0]))),
            (&["W/\"a-br\""], Some(Held::Form(&etags[1]))),
            (&["\"x\", \"a-br\""], Some(Held::Form(&etags[1]))),
            (&["\"x\"", "\"a\""], Some(Held::Form(&etags[0]))),
            (&["*"], Some(Held::Any)),
            (&["a"], None),
            (&["\"a-gzip\""], None),
            (&[], None),
        ] {
            assert_eq!(held(&headers(&header::IF_NONE_MATCH, given), &etags), valid, "{given:?}");
        }
    }
}
