//! What rewards, datasets and strategies have in common: the guard against panics, the host, life.

use crate::abi;
use crate::Parameters;
use std::ffi::c_void;
use std::panic::{catch_unwind, AssertUnwindSafe};

/// Why something failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    pub status: abi::status,
    pub message: String,
}

impl Failure {
    pub fn new(message: impl Into<String>) -> Self {
        Failure { status: abi::ERROR, message: message.into() }
    }
    /// A parameter is wrong.
    pub fn argument(message: impl Into<String>) -> Self {
        Failure { status: abi::ERROR_ARGUMENT, message: message.into() }
    }
    /// Bytes are no state of this component.
    pub fn state(message: impl Into<String>) -> Self {
        Failure { status: abi::ERROR_STATE, message: message.into() }
    }
    /// A file or another thing outside failed.
    pub fn io(message: impl Into<String>) -> Self {
        Failure { status: abi::ERROR_IO, message: message.into() }
    }
    /// The data are wrong.
    pub fn data(message: impl Into<String>) -> Self {
        Failure { status: abi::ERROR_DATA, message: message.into() }
    }
}

/// What every component has. `Send`: the host may call from one thread after the other. `Sync` matters where it is thread-safe.
pub trait Component: Sized + Send + Sync {
    /// Whether the host may score several batches at once.
    const THREAD_SAFE: bool = false;
    /// Whether `save` and `load` are there.
    const STATEFUL: bool = false;
    /// The version of what `save` writes; raise it with the format.
    const STATE_VERSION: u32 = 1;

    /// Reads the parameters; opens no file and starts no thread.
    fn new(parameters: &Parameters) -> Result<Self, Failure>;
    /// Files, threads and long work belong here.
    fn start(&mut self, _host: &Host) -> Result<(), Failure> {
        Ok(())
    }
    /// Takes new values of changeable parameters, between steps.
    fn reconfigure(&mut self, _parameters: &Parameters) -> Result<(), Failure> {
        Err(Failure::argument("nothing of it can change while it runs"))
    }
    /// The state: the same bytes for the same state.
    fn save(&self) -> Vec<u8> {
        Vec::new()
    }
    /// Restores what `save` gave, and refuses anything else.
    fn load(&mut self, _state: &[u8]) -> Result<(), Failure> {
        Err(Failure::state("it has no state"))
    }
}

/// The services that most plugins want. Valid during calls.
pub struct Host(pub(crate) *const abi::host);

impl Host {
    /// A line for the run's log: 0 debug, 1 info, 2 warning, 3 error.
    pub fn log(&self, level: i32, message: &str) {
        unsafe { ((*self.0).log)(self.0, level, abi::text::of(message)) }
    }
    /// A number of the current step.
    pub fn metric(&self, name: &str, value: f64) {
        unsafe { ((*self.0).metric)(self.0, abi::text::of(name), value) }
    }
    /// The folder of the manifest and of the plugin's own files.
    pub fn resource_directory(&self) -> String {
        unsafe { ((*self.0).resource_directory)(self.0).string() }
    }
    /// A draw in [0, 1) that belongs to its arguments.
    pub fn uniform(&self, seed: u64, step: u64, item: u64, draw: u64) -> f64 {
        unsafe { ((*self.0).uniform)(self.0, seed, step, item, draw) }
    }
}

impl abi::text {
    /// Lives as long as the string.
    pub const fn of(text: &str) -> Self {
        abi::text { data: text.as_ptr(), size: text.len() as u64 }
    }
    /// The bytes.
    ///
    /// # Safety
    /// The text must be valid for the lifetime that the caller takes.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.size == 0 {
            return &[];
        }
        std::slice::from_raw_parts(self.data, self.size as usize)
    }
    /// The text, with a mark in place of bytes that are not UTF-8.
    ///
    /// # Safety
    /// As of `bytes`.
    pub unsafe fn string(self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }
}

/// Runs `body` and turns a failure or a panic into a status and a message: nothing may unwind into the host.
///
/// # Safety
/// `error` is NULL or the host's.
pub unsafe fn guarded(
    error: *mut abi::error,
    body: impl FnOnce() -> Result<(), Failure>,
) -> abi::status {
    let failure = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => return abi::OK,
        Ok(Err(failure)) => failure,
        Err(panic) => {
            let why = panic
                .downcast_ref::<&str>()
                .map(|text| text.to_string())
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_else(|| "a panic".to_string());
            // What was thrown may panic again when it is dropped.
            std::mem::forget(panic);
            Failure::new(format!("panic: {why}"))
        }
    };
    if let Some(error) = error.as_mut() {
        let size = failure.message.len().min(error.capacity as usize);
        std::ptr::copy_nonoverlapping(failure.message.as_ptr(), error.message, size);
        error.size = size as u64;
    }
    failure.status
}

/// What an instance is to the host.
pub(crate) struct Whole<T> {
    pub part: T,
    host: *const abi::host,
    /// The name of the column that a reward requires.
    pub column: abi::text,
}

pub(crate) unsafe fn whole<'a, T>(instance: *mut abi::instance) -> &'a mut Whole<T> {
    &mut *(instance as *mut Whole<T>)
}

/// Shared: a call that may overlap with itself must not have it alone.
pub(crate) unsafe fn part<'a, T>(instance: *mut abi::instance) -> &'a T {
    &(*(instance as *const Whole<T>)).part
}

unsafe extern "C" fn create<T: Component>(
    _factory: *const abi::factory,
    configuration: *const abi::configuration,
    instance: *mut *mut abi::instance,
    error: *mut abi::error,
) -> abi::status {
    guarded(error, || {
        let parameters = Parameters::new((*configuration).parameters.string());
        let part = T::new(&parameters)?;
        let host = (*configuration).host;
        let made = Box::new(Whole { part, host, column: abi::text::of("") });
        *instance = Box::into_raw(made) as *mut abi::instance;
        Ok(())
    })
}

unsafe extern "C" fn destroy<T: Component>(instance: *mut abi::instance) {
    guarded(std::ptr::null_mut(), || {
        drop(Box::from_raw(instance as *mut Whole<T>));
        Ok(())
    });
}

unsafe extern "C" fn init<T: Component>(
    instance: *mut abi::instance,
    error: *mut abi::error,
) -> abi::status {
    let whole = whole::<T>(instance);
    guarded(error, || whole.part.start(&Host(whole.host)))
}

unsafe extern "C" fn reconfigure<T: Component>(
    instance: *mut abi::instance,
    parameters: abi::text,
    error: *mut abi::error,
) -> abi::status {
    guarded(error, || whole::<T>(instance).part.reconfigure(&Parameters::new(parameters.string())))
}

unsafe extern "C" fn save<T: Component>(
    instance: *mut abi::instance,
    writer: *const abi::writer,
    error: *mut abi::error,
) -> abi::status {
    let mut written = abi::OK;
    let status = guarded(error, || {
        let state = part::<T>(instance).save();
        written = ((*writer).write)(writer, state.as_ptr(), state.len() as u64);
        Ok(())
    });
    if status != abi::OK { status } else { written }
}

unsafe extern "C" fn load<T: Component>(
    instance: *mut abi::instance,
    _version: u32,
    reader: *const abi::reader,
    error: *mut abi::error,
) -> abi::status {
    let mut read = abi::OK;
    let status = guarded(error, || {
        let mut state = Vec::new();
        let mut piece = [0u8; 4096];
        loop {
            let mut size = 0u64;
            read = ((*reader).read)(reader, piece.as_mut_ptr(), piece.len() as u64, &mut size);
            if read != abi::OK {
                return Ok(());
            }
            if size == 0 {
                return whole::<T>(instance).part.load(&state);
            }
            state.extend_from_slice(&piece[..size as usize]);
        }
    });
    match status {
        abi::OK => read,
        // Bytes that `load` does not take are no state, whatever it says.
        abi::ERROR => abi::ERROR_STATE,
        status => status,
    }
}

/// The table that makes instances of T.
pub const fn factory<T: Component>(
    kind: u32,
    id: &'static str,
    table: *const c_void,
) -> abi::factory {
    abi::factory {
        struct_size: std::mem::size_of::<abi::factory>() as u32,
        kind,
        id: abi::text::of(id),
        concurrency: if T::THREAD_SAFE { 1 } else { 0 },
        state_version: T::STATE_VERSION,
        table,
        data: std::ptr::null_mut(),
        create: create::<T>,
        destroy: destroy::<T>,
        init: Some(init::<T>),
        save: if T::STATEFUL { Some(save::<T>) } else { None },
        load: if T::STATEFUL { Some(load::<T>) } else { None },
        reconfigure: Some(reconfigure::<T>),
        extension: None,
    }
}
