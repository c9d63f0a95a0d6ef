//! What is known of what pickles import.

use super::verdict::Kind;

/// What is known of a name in a module.
pub(super) fn kind(module: &str, name: &str) -> Kind {
    if is_harmless(module, name) {
        return Kind::Harmless;
    }
    // A name with dots goes through attributes of what it begins with.
    let mut parts = module.split('.').chain(name.split('.').skip(1));
    let dunder = name.split('.').any(|part| part.starts_with("__"));
    if dunder || in_list(module) || parts.any(|part| MODULES.contains(&part)) {
        return Kind::Dangerous;
    }
    if FUNCTIONS.contains(&name.rsplit('.').next().unwrap_or(name)) {
        return Kind::Dangerous;
    }
    Kind::Unknown
}

fn in_list(module: &str) -> bool {
    let below = |of: &str| {
        module
            .strip_prefix(of)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    MODULES.iter().chain(SUBMODULES).any(|of| below(of))
}

fn is_harmless(module: &str, name: &str) -> bool {
    let listed = HARMLESS
        .iter()
        .any(|(of, names)| *of == module && names.contains(&name));
    listed || is_torch_word(module, name) || is_torch_layer(module, name)
}

/// Dtypes and classes of storages.
fn is_torch_word(module: &str, name: &str) -> bool {
    if module != "torch" && module != "torch.cuda" {
        return false;
    }
    let storage = name.strip_suffix("Storage").or(name.strip_suffix("Tensor"));
    let is_class = storage.is_some_and(|of| STORAGES.contains(&of));
    is_class || module == "torch" && DTYPES.contains(&name)
}

/// Classes of layers, which keep what they are given.
fn is_torch_layer(module: &str, name: &str) -> bool {
    let Some(file) = module.strip_prefix("torch.nn.modules.") else {
        return false;
    };
    LAYERS.contains(&file)
        && name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
}

/// Storages and tensors of old, by the prefix of their class.
const STORAGES: &[&str] = &[
    "",
    "Float",
    "Half",
    "BFloat16",
    "Double",
    "Long",
    "Int",
    "Short",
    "Char",
    "Byte",
    "Bool",
    "ComplexFloat",
    "ComplexDouble",
    "QInt8",
    "QUInt8",
    "QInt32",
    "QUInt4x2",
    "QUInt2x4",
];

const DTYPES: &[&str] = &[
    "float32",
    "float16",
    "bfloat16",
    "float64",
    "int64",
    "int32",
    "int16",
    "int8",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "bool",
    "complex32",
    "complex64",
    "complex128",
    "qint8",
    "quint8",
    "qint32",
    "quint4x2",
    "quint2x4",
    "float8_e4m3fn",
    "float8_e5m2",
    "float8_e4m3fnuz",
    "float8_e5m2fnuz",
    "float8_e8m0fnu",
    "float4_e2m1fn_x2",
    "strided",
    "sparse_coo",
    "sparse_csr",
    "per_tensor_affine",
    "per_channel_affine",
    "per_tensor_symmetric",
    "per_channel_symmetric",
    "contiguous_format",
    "channels_last",
    "preserve_format",
    "Size",
    "device",
    "Generator",
];

const LAYERS: &[&str] = &[
    "activation",
    "adaptive",
    "batchnorm",
    "channelshuffle",
    "container",
    "conv",
    "distance",
    "dropout",
    "embedding",
    "flatten",
    "fold",
    "instancenorm",
    "linear",
    "loss",
    "normalization",
    "padding",
    "pixelshuffle",
    "pooling",
    "rnn",
    "sparse",
    "transformer",
    "upsampling",
];

/// What does no harm, whatever it is called with.
const HARMLESS: &[(&str, &[&str])] = &[
    ("builtins", BUILTINS),
    ("__builtin__", BUILTINS),
    (
        "collections",
        &["OrderedDict", "defaultdict", "deque", "Counter"],
    ),
    ("copyreg", &["_reconstructor"]),
    ("copy_reg", &["_reconstructor"]),
    ("_codecs", &["encode"]),
    ("argparse", &["Namespace"]),
    ("types", &["SimpleNamespace"]),
    (
        "datetime",
        &["datetime", "date", "time", "timedelta", "timezone"],
    ),
    ("decimal", &["Decimal"]),
    ("fractions", &["Fraction"]),
    ("uuid", &["UUID"]),
    ("pathlib", PATHS),
    ("pathlib._local", PATHS),
    (
        "numpy",
        &[
            "dtype", "ndarray", "bool_", "float32", "float64", "int32", "int64", "uint8",
        ],
    ),
    ("numpy.core.multiarray", ARRAYS),
    ("numpy._core.multiarray", ARRAYS),
    ("numpy.core.numeric", &["_frombuffer"]),
    ("numpy._core.numeric", &["_frombuffer"]),
    ("numpy.ma.core", &["_mareconstruct", "MaskedArray"]),
    ("numpy.random._pickle", RANDOM),
    ("numpy.random._mt19937", &["MT19937"]),
    ("numpy.random._pcg64", &["PCG64"]),
    ("joblib.numpy_pickle", &["NumpyArrayWrapper"]),
    ("scipy.sparse._csr", &["csr_matrix", "csr_array"]),
    ("scipy.sparse._csc", &["csc_matrix", "csc_array"]),
    ("scipy.sparse.csr", &["csr_matrix"]),
    ("scipy.sparse.csc", &["csc_matrix"]),
    ("torch", &["Tensor"]),
    ("torch._utils", REBUILDERS),
    ("torch._tensor", &["_rebuild_from_type_v2"]),
    ("torch.nn.parameter", &["Parameter", "Buffer"]),
    ("torch.storage", &["UntypedStorage", "TypedStorage"]),
    ("torch.serialization", &["_get_layout"]),
    ("torch.nn.modules.module", &["Module"]),
    (
        "sklearn.ensemble._forest",
        &["RandomForestClassifier", "RandomForestRegressor"],
    ),
    ("sklearn.linear_model._base", &["LinearRegression"]),
    ("sklearn.linear_model._logistic", &["LogisticRegression"]),
    ("sklearn.linear_model._ridge", &["Ridge"]),
    ("sklearn.pipeline", &["Pipeline"]),
    (
        "sklearn.preprocessing._data",
        &["StandardScaler", "MinMaxScaler"],
    ),
    ("sklearn.preprocessing._label", &["LabelEncoder"]),
    ("sklearn.svm._classes", &["SVC", "SVR", "LinearSVC"]),
    (
        "sklearn.tree._classes",
        &["DecisionTreeClassifier", "DecisionTreeRegressor"],
    ),
    ("sklearn.tree._tree", &["Tree"]),
];

const BUILTINS: &[&str] = &[
    "set",
    "frozenset",
    "dict",
    "list",
    "tuple",
    "int",
    "long",
    "float",
    "bool",
    "str",
    "unicode",
    "bytes",
    "bytearray",
    "complex",
    "slice",
    "range",
    "xrange",
    "object",
];

const PATHS: &[&str] = &[
    "Path",
    "PosixPath",
    "WindowsPath",
    "PurePath",
    "PurePosixPath",
    "PureWindowsPath",
];

const ARRAYS: &[&str] = &["_reconstruct", "scalar"];

const RANDOM: &[&str] = &[
    "__randomstate_ctor",
    "__generator_ctor",
    "__bit_generator_ctor",
];

const REBUILDERS: &[&str] = &[
    "_rebuild_tensor",
    "_rebuild_tensor_v2",
    "_rebuild_tensor_v3",
    "_rebuild_parameter",
    "_rebuild_parameter_with_state",
    "_rebuild_qtensor",
    "_rebuild_sparse_tensor",
    "_rebuild_sparse_csr_tensor",
    "_rebuild_nested_tensor",
    "_rebuild_device_tensor_from_numpy",
    "_rebuild_meta_tensor_no_storage",
    "_rebuild_wrapper_subclass",
];

/// Modules that run code, change files, open connections, or hand out what does. Everything below
/// them too, and what is reached through them.
const MODULES: &[&str] = &[
    "__builtin__",
    "__main__",
    "_aix_support",
    "_bootstrap_subprocess",
    "_ctypes",
    "_functools",
    "_imp",
    "_io",
    "_operator",
    "_osx_support",
    "_pickle",
    "_posixsubprocess",
    "_pyrepl",
    "_socket",
    "_thread",
    "aiohttp",
    "ast",
    "asyncio",
    "atexit",
    "bdb",
    "builtins",
    "cProfile",
    "cPickle",
    "cffi",
    "cgitb",
    "cloudpickle",
    "code",
    "codecs",
    "codeop",
    "commands",
    "concurrent",
    "copy_reg",
    "copyreg",
    "ctypes",
    "dill",
    "distutils",
    "doctest",
    "ensurepip",
    "fileinput",
    "ftplib",
    "functools",
    "gc",
    "glob",
    "http",
    "httplib",
    "httpx",
    "idlelib",
    "imaplib",
    "imp",
    "importlib",
    "inspect",
    "io",
    "joblib",
    "lib2to3",
    "linecache",
    "logging",
    "marshal",
    "multiprocessing",
    "nt",
    "ntpath",
    "nturl2path",
    "operator",
    "os",
    "pdb",
    "pickle",
    "pickletools",
    "pip",
    "pkgutil",
    "platform",
    "poplib",
    "posix",
    "posixpath",
    "profile",
    "pty",
    "pydoc",
    "requests",
    "runpy",
    "sched",
    "setuptools",
    "shelve",
    "shutil",
    "signal",
    "site",
    "smtplib",
    "socket",
    "socketserver",
    "sqlite3",
    "ssl",
    "subprocess",
    "sys",
    "sysconfig",
    "telnetlib",
    "tempfile",
    "threading",
    "timeit",
    "tkinter",
    "trace",
    "types",
    "unittest",
    "urllib",
    "urllib2",
    "venv",
    "weakref",
    "webbrowser",
    "xmlrpc",
    "zipapp",
    "zipimport",
];

/// Parts of packages that do.
const SUBMODULES: &[&str] = &[
    "numpy.ctypeslib",
    "numpy.distutils",
    "numpy.f2py",
    "numpy.lib.npyio",
    "numpy.lib._npyio_impl",
    "numpy.testing",
    "pandas.core.computation",
    "pandas.io",
    "torch._dynamo",
    "torch._inductor",
    "torch.distributed",
    "torch.hub",
    "torch.jit",
    "torch.multiprocessing",
    "torch.ops",
    "torch.package",
    "torch.serialization",
    "torch.utils.bottleneck",
    "torch.utils.collect_env",
    "torch.utils.cpp_extension",
    "torch.utils.data.datapipes",
    "torch.utils.model_zoo",
    "torch.storage",
];

/// Names that do what they say, in whatever module they are found again.
const FUNCTIONS: &[&str] = &[
    "eval",
    "exec",
    "execfile",
    "compile",
    "open",
    "system",
    "popen",
    "Popen",
    "getattr",
    "setattr",
    "delattr",
    "load",
    "loads",
    "load_module",
    "import_module",
    "run_path",
    "run_module",
    "read_pickle",
    "partial",
    "attrgetter",
    "itemgetter",
    "methodcaller",
    "run_command",
    "check_output",
    "check_call",
];
