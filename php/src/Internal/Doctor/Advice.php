<?php

declare(strict_types=1);

namespace Captoken\Internal\Doctor;

use Captoken\Library;

/**
 * Tells the user how to fix a finding.
 *
 * @internal
 */
final class Advice
{
    /** Users of the workers if neither the pools nor captoken.ini name one that exists. */
    private const USUAL_USERS = ['www-data', 'apache', 'nginx', 'http', 'www', 'wwwrun'];

    /**
     * @param string $package the folder that has autoload.php
     * @param list<string> $workers the users of the pools, if they are known
     */
    public function __construct(private readonly string $package, private readonly array $workers = [])
    {
    }

    /**
     * Returns help for a message of PHP or of the dynamic loader.
     *
     * @param bool $isChosen whether CAPTOKEN_LIB names the library
     */
    public function forMessage(string $message, bool $isChosen = false): ?string
    {
        $header = "ffi.preload=$this->package/captoken.ffi.h";
        $named = Library::named($this->declarations());
        $library = "$this->package/lib/" . basename($named);
        $build = 'Build it on this system: make && make install-php';
        $install = $this->isDebianPackage() ? 'apt-get install --reinstall ./php-captoken_*.deb' : 'make install-php';
        $advice = [
            '/"opcache.preload_user" (?:has not been defined|when running)|Preloading failed to getpwnam/' =>
                Report::WRITE . $this->preloadUser(),
            '/FFI::load\(\) doesn\'t work in conjunction/' =>
                Report::WRITE . "$header   ; and no FFI::load() in the preload script",
            '/failed pre-loading \'.*\', file doesn\'t exist/' =>
                Report::WRITE . $header,
            '/FFI Parser/' =>
                Report::WRITE . "$header   ; captoken.h is only for C",
            '/Failed opening required/' =>
                Report::WRITE . "opcache.preload=$this->package/preload.php   ; the workers' user must"
                . " be able to read it.\nMove the package if it is in a home folder.",
            '/cannot resolve C function|Failed resolving C function|but this package needs/' =>
                "Package and library are of different versions. Install both: $install",
            '/Permission denied/' =>
                "This user cannot read the file, or cannot enter a folder above it.\nChange the permissions.",
            '/Is a directory/' =>
                'CAPTOKEN_LIB must name a file.',
            '/GLIBC_[0-9.]+\' not found/' =>
                "The library was built for a newer C library than this system has.\n$build",
            '/ld-musl|libc\.musl|ld-linux|Error relocating/' =>
                "The library was built for another C library: glibc and musl do not mix.\n$build",
            '/wrong ELF class|invalid ELF header|file too short/' =>
                "The file is not a library, or was built for another CPU.\n$build",
            '/\S: \S+: cannot open shared object file/' =>
                'The library exists, but one that it needs is missing. Install that one.',
            '/FFI: Failed pre-loading/' => match (true) {
                $this->hasPlatforms() => "Remove ffi.preload. This package has a library for each platform, and"
                    . "\nonly its class finds the right one.",
                !is_file($library) => "The library is missing. Install it: $install",
                is_file($named) => Report::WRITE . $header,
                default => "The package was moved, but its header names the old place.\n"
                    . Report::WRITE . "#define FFI_LIB \"$library\"   (in $this->package/captoken.ffi.h)",
            },
            '/cannot open shared object file/' => match (true) {
                $isChosen => 'The environment variable CAPTOKEN_LIB names this file, and no other is tried.'
                    . "\nCorrect it.",
                $this->hasPlatforms() => 'This package has no library for ' . Library::platform() . ". Build one"
                    . "\nfrom the source on this system: make && make install",
                default => "The library is missing. Install it: $install\n"
                    . 'If it is somewhere else, name it in the environment variable CAPTOKEN_LIB. A pool of'
                    . "\nphp-fpm sets that as env[CAPTOKEN_LIB].",
            },
        ];
        foreach ($advice as $pattern => $help) {
            if (preg_match($pattern, $message) === 1) {
                return $help;
            }
        }
        return null;
    }

    /**
     * Returns the settings to write if those of captoken.ini are not in force.
     *
     * @return list<string>
     */
    public function iniFile(Settings $settings): array
    {
        if ($this->hasPlatforms()) {
            return [
                'ffi.enable=preload',
                'opcache.enable=1',
                "opcache.preload=$this->package/preload.php",
                $this->preloadUser(),
            ];
        }
        $ini = "$this->package/captoken.ini";
        $installed = $this->installedIni();
        if ($installed === []) {
            return ['the settings that `make install-php` installs in share/php/captoken/captoken.ini'];
        }
        $user = $this->user();
        $namesAnotherUser = $user !== ($installed['opcache.preload_user'] ?? $user);
        $debian = self::debianCommand($ini, $settings->scannedFolder);
        if ($debian !== null && !$namesAnotherUser) {
            $link = "$settings->scannedFolder/99-captoken.ini";
            return [
                "the settings of $ini, by this command:",
                ...(is_link($link) ? ['sudo rm ' . self::quoted($link) . '   ; it leads to other settings'] : []),
                "sudo $debian",
                'If you have an opcache.preload, README.Debian in /usr/share/doc/php-captoken says what',
                'to do instead.',
            ];
        }
        $lines = [];
        foreach (array_replace($installed, ['opcache.preload_user' => $user]) as $name => $value) {
            $lines[] = "$name=$value";
        }
        $lines[] = match (true) {
            $namesAnotherUser => $this->isDebianPackage()
                ? "$ini names another user. Change it there."
                : "$ini names another user. Install it again: make install-php PHP_USER=$user",
            in_array(realpath($ini), array_map(realpath(...), $settings->scannedFiles), true) =>
                "$ini was read, but a later file or an option overrides it.",
            is_dir($settings->scannedFolder) => 'Or run: ln -s ' . self::quoted($ini) . ' '
                . self::quoted("$settings->scannedFolder/99-captoken.ini"),
            default => "$ini has these lines.",
        };
        return $lines;
    }

    public function preloadUser(): string
    {
        return "opcache.preload_user={$this->user()}   ; the user of the workers";
    }

    /** Whether the package has a library for each platform, and no header that PHP can preload. */
    public function hasPlatforms(): bool
    {
        return Library::hasPlatforms($this->declarations());
    }

    /** Tells whether a user exists, or may exist because this PHP cannot tell. */
    public static function userExists(string $user): bool
    {
        return !function_exists('posix_getpwnam') || posix_getpwnam($user) !== false;
    }

    private function declarations(): string
    {
        return (string) @file_get_contents("$this->package/captoken.ffi.h");
    }

    /** Whether Debian's package installed this one: its settings are in /etc. */
    private function isDebianPackage(): bool
    {
        return is_link("$this->package/captoken.ini");
    }

    /**
     * Returns the command that turns the settings on, if they are among those that Debian's php-common
     * knows. Its folders are VERSION/mods-available and VERSION/SAPI/conf.d.
     */
    private static function debianCommand(string $ini, string $scannedFolder): ?string
    {
        if (preg_match('~^(.*/([0-9.]+))/([a-z0-9]+)/conf\.d$~D', $scannedFolder, $parts) !== 1) {
            return null;
        }
        $known = realpath("$parts[1]/mods-available/captoken.ini");
        return $known !== false && $known === realpath($ini)
            ? "phpenmod -v $parts[2] -s $parts[3] captoken"
            : null;
    }

    /** Returns a path for the shell. escapeshellarg() would drop what is not ASCII. */
    private static function quoted(string $path): string
    {
        return preg_match('~[^A-Za-z0-9/._+@=,-]~', $path) === 0
            ? $path
            : "'" . str_replace("'", "'\\''", $path) . "'";
    }

    /** Returns an existing user for preloading, or a placeholder. */
    private function user(): string
    {
        $installed = array_filter([$this->installedIni()['opcache.preload_user'] ?? '']);
        $users = [...array_intersect($installed, $this->workers), ...$this->workers, ...$installed];
        foreach ([...$users, ...self::USUAL_USERS] as $user) {
            if (self::userExists($user)) {
                return $user;
            }
        }
        return 'USER';
    }

    /** @return array<string, string> empty in the source tree: it has no captoken.ini */
    private function installedIni(): array
    {
        return @parse_ini_file("$this->package/captoken.ini", false, INI_SCANNER_RAW) ?: [];
    }
}
