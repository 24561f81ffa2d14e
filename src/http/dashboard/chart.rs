//! Bars by the hour, as figures that a template writes as SVG.
//!
//! **Invariants:** pure. A column is [`COLUMN`] wide and the plot [`HEIGHT`] high, whatever the values; the plot is stretched to its place, so
//! it has no text: labels stand beside it, and the same figures in a table.
//!
//! **Not here:** what the bars mean (`view`).

/// The width of an hour.
const COLUMN: f64 = 10.0;
/// The width of its bar.
const BAR: f64 = 7.0;
/// The height of the plot.
const HEIGHT: f64 = 100.0;

/// A drawn chart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chart {
    /// The width of the plot.
    pub(super) width: f64,
    /// The value at its upper edge.
    pub(super) top: f64,
    pub(super) bars: Vec<Bar>,
    /// Where a target stands, from above, if it is within the plot.
    pub(super) target: Option<f64>,
}

/// A part of a bar.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bar {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    /// Which of its column's values it is.
    pub(super) part: usize,
    /// The number of its column.
    pub(super) column: usize,
}

impl Chart {
    /// Columns of values that stand upon each other.
    pub(super) fn stacked<const N: usize>(columns: &[[f64; N]], target: Option<f64>) -> Self {
        let highest = columns.iter().map(|values| values.iter().sum()).fold(0.0, f64::max);
        let top = above(highest);
        let mut bars = Vec::new();
        let mut x = (COLUMN - BAR) / 2.0;
        for (column, values) in columns.iter().enumerate() {
            let mut y = HEIGHT;
            for (part, value) in values.iter().enumerate().filter(|(_, value)| **value > 0.0) {
                let height = value / top * HEIGHT;
                y -= height;
                bars.push(Bar { x, y: tenths(y), width: BAR, height: tenths(height), part, column });
            }
            x += COLUMN;
        }
        let target =
            target.filter(|target| *target < top).map(|target| tenths(HEIGHT - target / top * HEIGHT));
        Self { width: x - (COLUMN - BAR) / 2.0, top, bars, target }
    }
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// The least round number that is not below a value: 1, 2 or 5 with zeros.
fn above(value: f64) -> f64 {
    if value <= 1.0 {
        return 1.0;
    }
    let power = 10f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * power).find(|round| *round >= value).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_ends_in_a_round_number() {
        let tops: Vec<_> = [0.0, 0.4, 1.0, 1.1, 5.0, 7.0, 99.0, 100.0, 101.0, 4_999.0].map(above).into();
        assert_eq!(tops, [1.0, 1.0, 1.0, 2.0, 5.0, 10.0, 100.0, 100.0, 200.0, 5_000.0]);
    }

    #[test]
    fn values_stand_upon_each_other_within_the_plot() {
        let chart = Chart::stacked(&[[6.0, 0.0, 2.0], [0.0; 3]], Some(5.0));
        assert_eq!((chart.width, chart.top, chart.target), (20.0, 10.0, Some(50.0)));
        let drawn: Vec<_> = chart.bars.iter().map(|bar| (bar.column, bar.part, bar.y, bar.height)).collect();
        assert_eq!(drawn, [(0, 0, 40.0, 60.0), (0, 2, 20.0, 20.0)]);
    }

    #[test]
    fn a_target_above_the_plot_is_not_drawn() {
        assert_eq!(Chart::stacked(&[[6.0]], Some(2000.0)).target, None);
    }
}
