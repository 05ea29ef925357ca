//! The standalone simulator: `cargo run -p meta-simulator -- [port] [webhook URL]`.

use meta_simulator::{Options, Simulator};
use std::error::Error;
use tokio::net::TcpListener;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the program's output")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().map_or(Ok(3002), |port| port.parse())?;
    let options = Options { webhook_url: arguments.next(), ..Options::default() };
    let simulator = Simulator::start(options, TcpListener::bind(("127.0.0.1", port)).await?).await?;
    println!("graph {}", simulator.url());
    tokio::signal::ctrl_c().await?;
    simulator.stop().await;
    Ok(())
}
