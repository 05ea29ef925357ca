//! Formats samples as figures and lines.

use std::time::Duration;

/// Samples of one measurement.
#[derive(Debug, Default, Clone)]
pub(crate) struct Samples(Vec<Duration>);

impl Samples {
    pub(crate) fn add(&mut self, sample: Duration) {
        self.0.push(sample);
    }

    /// A percentile of the samples, in milliseconds.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let last = sorted.len().saturating_sub(1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index into a few hundred samples"
        )]
        let at = (last as f64 * share).round() as usize;
        sorted.get(at).map_or(f64::NAN, |sample| sample.as_secs_f64() * 1000.0)
    }

    /// How many fit into a second, one after the other.
    pub(crate) fn per_second(&self) -> f64 {
        let total: f64 = self.0.iter().map(Duration::as_secs_f64).sum();
        #[expect(clippy::cast_precision_loss, reason = "a few hundred samples")]
        let count = self.0.len() as f64;
        count / total
    }

    /// Median and 95th percentile, and the median as a multiple of the baseline's.
    pub(crate) fn line(&self, name: &str, baseline: &Self) -> String {
        let (median, high) = (self.quantile(0.5), self.quantile(0.95));
        format!("  {name:<20} {median:>8.2} ms {high:>8.2} ms  {:>6.2}", median / baseline.quantile(0.5))
    }
}

#[expect(clippy::print_stdout, reason = "the program's output")]
pub(crate) fn print(text: &str) {
    println!("{text}");
}
