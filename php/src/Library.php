<?php

declare(strict_types=1);

namespace Captoken;

/**
 * Finds and loads the C library.
 *
 * It is looked for in this order:
 *
 * 1. if ffi.preload has loaded captoken.ffi.h, that library;
 * 2. if the environment variable CAPTOKEN_LIB is set, the file that it names, and no other;
 * 3. lib/libcaptoken.so.0 in the folder of this package;
 * 4. libcaptoken.so.0, which the dynamic loader finds if it is installed.
 */
final class Library
{
    /** The major version of the library that this package is written for. */
    public const MAJOR = 0;

    /** The name under which that version is installed. */
    public const SONAME = 'libcaptoken.so.' . self::MAJOR;

    /** The name of the functions in ffi.preload: FFI_SCOPE in captoken.ffi.h. */
    public const SCOPE = 'CAPTOKEN';

    /** PHP forgets both at the end of each request. */
    private static ?\FFI $functions = null;
    private static string $origin;

    private function __construct()
    {
    }

    /**
     * The version of the library that runs, as in "1.2.3".
     *
     * @throws CaptokenException the library cannot be loaded
     */
    public static function version(): string
    {
        return self::functions()->cap_version();
    }

    /**
     * The functions of captoken.h.
     *
     * @internal
     * @throws CaptokenException the library cannot be loaded; the message says what was
     *     tried, and why it failed
     */
    public static function functions(): \FFI
    {
        return self::$functions ?? self::load();
    }

    /**
     * Where the library comes from: the name of its file, or "ffi.preload".
     *
     * @throws CaptokenException the library cannot be loaded
     */
    public static function origin(): string
    {
        self::functions();
        return self::$origin;
    }

    /**
     * The files to try if nothing is preloaded.
     *
     * @return list<string>
     */
    private static function candidates(): array
    {
        // Only from the environment: in a web server, getenv() also returns the
        // parameters of the request.
        $chosen = function_exists('getenv') ? getenv('CAPTOKEN_LIB', true) : false;
        if (is_string($chosen) && $chosen !== '') {
            return [$chosen];
        }
        return [dirname(__DIR__) . '/lib/' . self::SONAME, self::SONAME];
    }

    private static function load(): \FFI
    {
        // php.ini can disable the class, which then has no methods.
        if (!extension_loaded('ffi') || !method_exists(\FFI::class, 'cdef')) {
            throw self::failure(['the FFI extension is not loaded, or php.ini disables it']);
        }
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
        foreach (self::candidates() as $file) {
            try {
                return self::open($file);
            } catch (\UnexpectedValueException $e) {
                $failures[] = $e->getMessage();
            }
        }
        throw self::failure($failures);
    }

    private static function preloaded(): \FFI
    {
        $library = \FFI::scope(self::SCOPE);
        self::check($library, 'ffi.preload');
        return self::keep($library, 'ffi.preload');
    }

    /** Loads one file. Asks for its version first, because another version has other functions. */
    private static function open(string $file): \FFI
    {
        try {
            $library = \FFI::cdef('const char *cap_version(void);', $file);
        } catch (\FFI\Exception $e) {
            $reason = self::reason($file) ?? $e->getMessage();
            // If a library that it needs is missing, the loader names only that one.
            $reason = str_contains($reason, $file) ? $reason : "$file: $reason";
            throw new \UnexpectedValueException($reason);
        }
        self::check($library, $file);
        try {
            return self::keep(\FFI::cdef(self::declarations(), $file), $file);
        } catch (\FFI\Exception $e) {
            throw new \UnexpectedValueException("$file: {$e->getMessage()}");
        }
    }

    private static function keep(\FFI $functions, string $origin): \FFI
    {
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

    /** Why the dynamic loader refuses a file, which PHP itself does not say before 8.3. */
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

    private static function declarations(): string
    {
        $file = dirname(__DIR__) . '/captoken.ffi.h';
        $declarations = @file_get_contents($file);
        if ($declarations === false) {
            throw new \UnexpectedValueException("$file: cannot be read");
        }
        return $declarations;
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
