//! The sandbox as a process, where a server must do more than accept.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use crate::world::World;

pub(crate) struct Sandbox {
    process: Child,
    pub(crate) url: String,
}

impl Sandbox {
    /// Starts a sandbox in which every update has this fault.
    pub(crate) fn with_fault(world: &World, fault: &str) -> Self {
        let fault = format!("{fault}=100%");
        let listen = ["sandbox", "--listen", "127.0.0.1:0", "--rate", "unlimited"];
        let mut command = world.command(&listen);
        command.args(["--fault", &fault]);
        let streams = command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = streams.spawn().unwrap();
        let mut url = String::new();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        stdout.read_line(&mut url).unwrap();
        let url = url.trim().to_owned();
        Self { process, url }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
