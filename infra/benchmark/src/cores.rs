//! CPU pinning: the measured process has the last core, the benchmark the first. A function's environment has less than
//! a core below 1,769 MB, and two processes that migrate between two cores slow each other down many times over.

#[cfg(not(target_os = "linux"))]
pub(crate) use anywhere::{measure_from_the_first, on_the_last, use_all};
#[cfg(target_os = "linux")]
pub(crate) use linux::{measure_from_the_first, on_the_last, use_all};

#[cfg(target_os = "linux")]
mod linux {
    use rustix::io::Errno;
    use rustix::thread::{CpuSet, Pid, sched_getaffinity, sched_setaffinity};
    use std::io;
    use std::sync::OnceLock;

    /// The cores this process started with.
    static ALL: OnceLock<CpuSet> = OnceLock::new();

    /// Moves every thread of this process to the first core.
    pub(crate) fn measure_from_the_first() -> io::Result<()> {
        let all = all()?;
        for_all_threads(&only((0..CpuSet::MAX_CPU).find(|core| all.is_set(*core))))
    }

    /// Lets every thread of this process run on any of its cores again.
    pub(crate) fn use_all() -> io::Result<()> {
        for_all_threads(&all()?)
    }

    /// Runs a closure on the last core; a process that it starts remains there.
    pub(crate) fn on_the_last<T>(work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let (all, before) = (all()?, sched_getaffinity(None)?);
        sched_setaffinity(None, &only((0..CpuSet::MAX_CPU).rfind(|core| all.is_set(*core))))?;
        let done = work();
        sched_setaffinity(None, &before)?;
        done
    }

    fn all() -> io::Result<CpuSet> {
        let now = sched_getaffinity(None)?;
        Ok(*ALL.get_or_init(|| now))
    }

    fn only(core: Option<usize>) -> CpuSet {
        let mut cores = CpuSet::new();
        core.into_iter().for_each(|core| cores.set(core));
        cores
    }

    fn for_all_threads(cores: &CpuSet) -> io::Result<()> {
        for task in std::fs::read_dir("/proc/self/task")? {
            let id = task?.file_name().to_str().and_then(|id| id.parse().ok());
            match id.and_then(Pid::from_raw).map(|thread| sched_setaffinity(Some(thread), cores)) {
                // A thread that has ended needs no core.
                None | Some(Ok(()) | Err(Errno::SRCH)) => {}
                Some(Err(error)) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Elsewhere the operating system chooses the core, and the figures are worse for it.
#[cfg(not(target_os = "linux"))]
mod anywhere {
    use std::io;

    pub(crate) fn measure_from_the_first() -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn use_all() -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn on_the_last<T>(work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        work()
    }
}
