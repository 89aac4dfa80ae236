<?php

declare(strict_types=1);

namespace Captoken;

/**
 * Finds and loads the C library.
 *
 * It tries, in this order:
 *
 * 1. the library that ffi.preload loaded by captoken.ffi.h;
 * 2. the file that the environment variable CAPTOKEN_LIB names. If the variable is set, no
 *    other file is tried;
 * 3. in the folder lib of this package, the file that FFI_LIB in captoken.ffi.h names. Its name
 *    changes with every build. A package for several machines has a library for each, in a
 *    folder that is called as platform() says;
 * 4. libcaptoken.so.0, which the dynamic loader finds if it is installed.
 */
final class Library
{
    /** The major version of the library that this package needs. */
    public const MAJOR = 0;

    /** The name under which the dynamic loader finds that version. */
    public const SONAME = 'libcaptoken.so.' . self::MAJOR;

    /** The scope of the functions in ffi.preload: FFI_SCOPE in captoken.ffi.h. */
    public const SCOPE = 'CAPTOKEN';

    /** The folder in FFI_LIB if the package has a library for each platform. */
    private const ANY_PLATFORM = 'PLATFORM/';

    /** The classes that the methods of a Capability use. */
    private const CLASSES = [
        CaptokenException::class,
        InvalidTokenException::class,
        TokenMalformedException::class,
        TokenAlgorithmException::class,
        TokenSignatureException::class,
        TokenExpiredException::class,
        TokenNotYetValidException::class,
        Internal\Buffer::class,
        Internal\Refusal::class,
        Internal\Strings::class,
        Internal\Parameters::class,
        Internal\Json::class,
        Internal\Mint::class,
        Internal\Verification::class,
        Internal\Opaque::class,
    ];

    // PHP resets both at the end of each request.
    private static ?\FFI $functions = null;
    private static string $origin;

    private function __construct()
    {
    }

    /**
     * Returns the version of the loaded library, such as "1.2.3".
     *
     * @throws CaptokenException the library cannot be loaded
     */
    public static function version(): string
    {
        return self::functions()->cap_version();
    }

    /**
     * Returns the functions of captoken.h.
     *
     * @internal
     * @throws CaptokenException the library cannot be loaded; the message lists each attempt
     *     and the reason of its failure
     */
    public static function functions(): \FFI
    {
        return self::$functions ?? self::load();
    }

    /**
     * Returns the file name of the loaded library, or "ffi.preload".
     *
     * @throws CaptokenException the library cannot be loaded
     */
    public static function origin(): string
    {
        self::functions();
        return self::$origin;
    }

    /**
     * Returns machine and C library of this process, such as "x86_64-linux-gnu" or
     * "aarch64-linux-musl".
     *
     * Not by trying: a library for glibc may load in a process with musl, and fail later.
     *
     * @throws CaptokenException this PHP cannot tell
     */
    public static function platform(): string
    {
        self::needFfi();
        if (!function_exists('php_uname')) {
            throw self::failure(['php.ini disables php_uname(); name the library in CAPTOKEN_LIB']);
        }
        try {
            // Only glibc has this function.
            \FFI::cdef('const char *gnu_get_libc_version(void);');
            $libc = 'gnu';
        } catch (\FFI\Exception $e) {
            if (str_contains($e->getMessage(), 'ffi.enable')) {
                throw self::failure([$e->getMessage()]);
            }
            $libc = 'musl';
        }
        return php_uname('m') . "-linux-$libc";
    }

    /**
     * Returns the path or name of the library in captoken.ffi.h.
     *
     * @internal
     */
    public static function named(string $declarations): string
    {
        // Without PCRE, because its settings in php.ini can make it fail.
        return explode('"', explode('#define FFI_LIB "', $declarations, 2)[1] ?? self::SONAME, 2)[0];
    }

    /**
     * Returns whether the package with this captoken.ffi.h has a library for each platform. PHP
     * cannot preload such a header, which names no file.
     *
     * @internal
     */
    public static function hasPlatforms(string $declarations): bool
    {
        return str_starts_with(self::named($declarations), self::ANY_PLATFORM);
    }

    /**
     * Returns the files to try if nothing is preloaded.
     *
     * @return list<string>
     */
    private static function candidates(string $declarations): array
    {
        // `true` reads only the environment. In a web server, getenv() also returns the
        // parameters of the request.
        $chosen = function_exists('getenv') ? getenv('CAPTOKEN_LIB', true) : false;
        if (is_string($chosen) && $chosen !== '') {
            return [$chosen];
        }
        $named = self::named($declarations);
        // An installed header also names the folder, but this package may be a copy of it.
        $own = self::hasPlatforms($declarations) ? self::platform() . '/' . basename($named) : basename($named);
        return [dirname(__DIR__) . "/lib/$own", self::SONAME];
    }

    private static function load(): \FFI
    {
        self::needFfi();
        try {
            return self::preloaded();
        } catch (\FFI\Exception $e) {
            if (str_contains($e->getMessage(), 'ffi.enable')) {
                throw self::failure([$e->getMessage()]);
            }
            $failures = ["ffi.preload: {$e->getMessage()}"];
        } catch (\UnexpectedValueException $e) {
            throw self::failure([$e->getMessage()]);
        }
        // Once, because an installation may replace the header meanwhile.
        $header = dirname(__DIR__) . '/captoken.ffi.h';
        $declarations = @file_get_contents($header);
        if ($declarations === false) {
            throw self::failure([...$failures, "$header: cannot be read"]);
        }
        foreach (self::candidates($declarations) as $file) {
            try {
                return self::open($file, $declarations);
            } catch (\UnexpectedValueException $e) {
                $failures[] = $e->getMessage();
            }
        }
        throw self::failure($failures);
    }

    private static function needFfi(): void
    {
        // php.ini can disable the class, which then has no methods.
        if (!extension_loaded('ffi') || !method_exists(\FFI::class, 'cdef')) {
            throw self::failure(['the FFI extension is not loaded, or php.ini disables it']);
        }
    }

    private static function preloaded(): \FFI
    {
        $library = \FFI::scope(self::SCOPE);
        self::check($library, 'ffi.preload');
        return self::keep($library, 'ffi.preload');
    }

    /** Loads one file. Checks its version first: another version has other functions. */
    private static function open(string $file, string $declarations): \FFI
    {
        try {
            $library = \FFI::cdef('const char *cap_version(void);', $file);
        } catch (\FFI\Exception $e) {
            $reason = self::reason($file) ?? $e->getMessage();
            // If the file needs a missing library, the loader names only that one.
            $reason = str_contains($reason, $file) ? $reason : "$file: $reason";
            throw new \UnexpectedValueException($reason);
        }
        self::check($library, $file);
        try {
            return self::keep(\FFI::cdef($declarations, $file), $file);
        } catch (\FFI\Exception $e) {
            throw new \UnexpectedValueException("$file: {$e->getMessage()}");
        }
    }

    /**
     * Also loads all classes. PHP does not find a class in a signal handler that runs while the
     * class is loaded: with an object in hand, a handler may mint.
     */
    private static function keep(\FFI $functions, string $origin): \FFI
    {
        foreach (self::CLASSES as $class) {
            class_exists($class);
        }
        self::$origin = $origin;
        return self::$functions = $functions;
    }

    private static function check(\FFI $library, string $origin): void
    {
        $version = $library->cap_version();
        if (!str_starts_with($version, self::MAJOR . '.')) {
            throw new \UnexpectedValueException(sprintf(
                '%s: version %s, but this package needs version %d.x',
                $origin,
                $version,
                self::MAJOR,
            ));
        }
    }

    /** Returns the dynamic loader's message for a file. PHP itself shows it from 8.3 on. */
    private static function reason(string $file): ?string
    {
        $loader = \FFI::cdef(
            'void *dlopen(const char *file, int mode); int dlclose(void *handle); char *dlerror(void);',
        );
        $lazily = 1;
        $handle = $loader->dlopen($file, $lazily);
        if ($handle === null) {
            return \FFI::string($loader->dlerror());
        }
        $loader->dlclose($handle);
        return null;
    }

    /** @param list<string> $failures */
    private static function failure(array $failures): CaptokenException
    {
        return new CaptokenException(
            sprintf(
                "the C library of captoken cannot be loaded:\n  %s\nrun %s to see what to change",
                implode("\n  ", $failures),
                dirname(__DIR__) . '/bin/captoken-doctor',
            ),
            CaptokenException::LIBRARY_NOT_LOADED,
        );
    }
}
