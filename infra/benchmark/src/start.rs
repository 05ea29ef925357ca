//! Process start to the first `/next`.

use crate::binaries::Built;
use crate::process;
use crate::report::Samples;
use crate::stub::Stub;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;

/// Runs every binary in turn, repeatedly, so that disturbances affect all alike.
pub(crate) async fn measure(built: &Built, rounds: usize) -> io::Result<String> {
    let mut samples: BTreeMap<&str, Samples> = BTreeMap::new();
    for _ in 0..rounds {
        for (name, binary) in built.all() {
            let mut stub = Stub::start().await?;
            let (began, mut child) = process::start(binary, &stub.address, &[])?;
            let asked = tokio::select! {
                asked = stub.asked() => asked?,
                ended = child.wait() => return Err(io::Error::other(format!("{name} ended: {}", ended?))),
            };
            samples.entry(name).or_default().add(asked - began);
            child.kill().await?;
        }
    }
    let mut text = format!("Process start to first /next, {rounds} interleaved rounds\n");
    text.push_str("  binary                  median       p95  x hello\n");
    let baseline = samples.get("hello").cloned().unwrap_or_default();
    for (name, _) in built.all() {
        if let Some(own) = samples.get(name) {
            writeln!(text, "{}", own.line(name, &baseline)).map_err(io::Error::other)?;
        }
    }
    Ok(text)
}
