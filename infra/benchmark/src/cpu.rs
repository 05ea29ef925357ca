//! CPU and memory of webhook receipts, compared with the unavoidable hash.

use crate::binaries::Built;
use crate::process;
use crate::stub::Stub;
use crate::webhook::{SECRET, Services, body, envelope, wrongly_signed};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// Bytes of a body, and receipts per round.
const BODIES: [(&str, usize, u32); 3] = [("510 B", 510, 1000), ("10 KB", 10_000, 1000), ("3 MB", 3_000_000, 40)];
/// Rounds, of which the median counts: processes sometimes run at different speeds.
const ROUNDS: usize = 5;

pub(crate) async fn measure(built: &Built) -> io::Result<String> {
    let Some(webhook) = built.functions.get("webhook") else { return Err(io::ErrorKind::NotFound.into()) };
    let services = Services::start(Duration::ZERO).await?;
    let mut text = String::from(
        "CPU of one receipt, as a multiple of an empty round trip of hello and, beyond that, of HMAC-SHA256 of the same bytes\n  body         hello      webhook  x hello       HMAC   x HMAC   peak memory\n",
    );
    for (name, bytes, times) in BODIES {
        let body = body(bytes);
        let event = envelope(&body);
        let (mut empty, mut own, mut hash, mut memory) = (vec![], vec![], vec![], vec![]);
        for _ in 0..ROUNDS {
            empty.push(spent(&built.hello, &Bytes::from_static(b"{}"), times, &[]).await?.0);
            let (microseconds, megabytes) = spent(webhook, &event, times, &services.variables()).await?;
            own.push(microseconds);
            memory.push(megabytes);
            hash.push(hmac(body.as_bytes(), times));
        }
        let (empty, own, hash, memory) = (median(empty), median(own), median(hash), median(memory));
        let (times, ratio) = (own / empty, (own - empty) / hash);
        text.push_str(&format!(
            "  {name:<8} {empty:>7.0} µs {own:>9.0} µs {times:>8.2} {hash:>8.1} µs {ratio:>8.1} {memory:>10.1} MB\n"
        ));
    }
    Ok(text)
}

/// The CPU of a wrongly signed request, which is refused after one hash.
pub(crate) async fn measure_refusal(built: &Built) -> io::Result<String> {
    let Some(webhook) = built.functions.get("webhook") else { return Err(io::ErrorKind::NotFound.into()) };
    let services = Services::start(Duration::ZERO).await?;
    let mut text = String::from(
        "CPU of a wrongly signed request: as a multiple of a genuine one, and beyond an empty round trip of hello of HMAC-SHA256 of the same bytes\n  body         wrong      genuine  x genuine       HMAC   x HMAC\n",
    );
    for (name, bytes, times) in BODIES.into_iter().skip(1) {
        let body = body(bytes);
        let (genuine, wrong) = (envelope(&body), wrongly_signed(&body));
        let (mut empty, mut refused, mut taken, mut hash) = (vec![], vec![], vec![], vec![]);
        for _ in 0..ROUNDS {
            empty.push(spent(&built.hello, &Bytes::from_static(b"{}"), times, &[]).await?.0);
            taken.push(spent(webhook, &genuine, times, &services.variables()).await?.0);
            refused.push(spent(webhook, &wrong, times, &services.variables()).await?.0);
            hash.push(hmac(body.as_bytes(), times));
        }
        let (empty, refused, taken, hash) = (median(empty), median(refused), median(taken), median(hash));
        let (of_genuine, of_hash) = (refused / taken, (refused - empty) / hash);
        text.push_str(&format!(
            "  {name:<8} {refused:>7.0} µs {taken:>9.0} µs {of_genuine:>10.2} {hash:>8.1} µs {of_hash:>8.1}\n"
        ));
    }
    Ok(text)
}

fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_unstable_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Microseconds of CPU of one invocation, and peak resident megabytes.
async fn spent(binary: &Path, event: &Bytes, times: u32, variables: &[(&str, &str)]) -> io::Result<(f64, f64)> {
    let mut stub = Stub::start().await?;
    let (_, mut child) = process::start(binary, &stub.address, variables)?;
    for _ in 0..times.min(50) {
        stub.invoke(event.clone()).await?;
    }
    let id = child.id().ok_or(io::ErrorKind::NotFound)?;
    let before = cpu(id)?;
    for _ in 0..times {
        stub.invoke(event.clone()).await?;
    }
    let (after, memory) = (cpu(id)?, peak(id)?);
    child.kill().await?;
    Ok(((after - before) / f64::from(times), memory))
}

/// CPU microseconds of a process so far (`/proc/<pid>/schedstat` counts nanoseconds of the main thread, which is the
/// only one that works).
fn cpu(id: u32) -> io::Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{id}/schedstat"))?;
    let nanoseconds = text.split_whitespace().next().and_then(|first| first.parse::<f64>().ok());
    nanoseconds.map(|nanoseconds| nanoseconds / 1000.0).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Peak resident megabytes of a process so far.
fn peak(id: u32) -> io::Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let kilobytes = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
    kilobytes.map(|kilobytes: f64| kilobytes / 1024.0).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Microseconds of one hash.
fn hmac(body: &[u8], times: u32) -> f64 {
    let began = Instant::now();
    for _ in 0..times {
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()) {
            mac.update(std::hint::black_box(body));
            std::hint::black_box(mac.finalize());
        }
    }
    began.elapsed().as_secs_f64() * 1_000_000.0 / f64::from(times)
}
