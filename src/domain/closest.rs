//! Which names may have been meant.

use super::text::fold;

/// How many are worth telling.
const SHOWN: usize = 3;
/// How like the given name one must be; 1 = the same but for accents and case.
const LIKE_ENOUGH: f64 = 0.7;

/// Those of `names` that are most like `given`, the likest first; accents and case do not count, and a name that holds the other is like it.
pub fn closest<'n>(given: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
    let wanted = fold(given);
    let mut scored: Vec<(f64, &str)> = names
        .into_iter()
        .map(|name| (likeness(&wanted, &fold(name)), name))
        .filter(|(score, _)| *score >= LIKE_ENOUGH)
        .collect();
    scored.sort_by(|(left, a), (right, b)| right.total_cmp(left).then_with(|| a.cmp(b)));
    scored.truncate(SHOWN);
    scored.into_iter().map(|(_, name)| name).collect()
}

fn likeness(wanted: &str, name: &str) -> f64 {
    let alike = strsim::normalized_damerau_levenshtein(wanted, name);
    let (short, long) = if wanted.len() < name.len() { (wanted, name) } else { (name, wanted) };
    // `Precio` and `Precio de lista`, but not `a` and everything.
    let holds = short.len() >= 4 && long.contains(short);
    if holds { alike.max(LIKE_ENOUGH + alike / 10.0) } else { alike }
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn the_likest_names_come_first_and_strangers_not_at_all() {
        let names = ["Precio MXN", "precios", "Oferta", "PRECIO", "Notas", "Kilometraje"];
        assert_eq!(closest("Precio", names), ["PRECIO", "precios", "Precio MXN"]);
        assert_eq!(closest("Garantía", ["garantia", "Gerencia"]), ["garantia"]);
        assert_eq!(closest("OrdenStatus", ["Orden Estatus", "OrdenCompra"]), ["Orden Estatus"]);
        assert!(closest("Utilitario", names).is_empty());
        assert!(closest("a", ["Notas", "b"]).is_empty());
    }
}
