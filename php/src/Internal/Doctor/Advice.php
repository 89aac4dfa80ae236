<?php

declare(strict_types=1);

namespace Captoken\Internal\Doctor;

use Captoken\Library;

/**
 * What the user can write or do about a finding.
 *
 * @internal
 */
final class Advice
{
    /** @param string $package the folder that has autoload.php */
    public function __construct(private readonly string $package)
    {
    }

    /** Help for a message of PHP or of the dynamic loader, if there is any. */
    public function forMessage(string $message): ?string
    {
        $header = "ffi.preload=$this->package/captoken.ffi.h";
        $library = "$this->package/lib/" . Library::SONAME;
        $build = 'Build it on this system: make && make install-php';
        $advice = [
            '/"opcache.preload_user" has not been defined|Preloading failed to getpwnam/' =>
                Report::TO_WRITE . $this->preloadUser(),
            '/FFI::load\(\) doesn\'t work in conjunction/' =>
                Report::TO_WRITE . "$header   ; and no FFI::load() in the preload script",
            '/failed pre-loading \'.*\', file doesn\'t exist/' =>
                Report::TO_WRITE . $header,
            '/FFI Parser/' =>
                Report::TO_WRITE . "$header   ; captoken.h is for C alone",
            '/Failed opening required/' =>
                Report::TO_WRITE . "opcache.preload=$this->package/preload.php   ; the workers' user must"
                . ' be able to read it',
            '/cannot resolve C function|Failed resolving C function|while this package needs/' =>
                'Package and library are of different versions. Install both: make install-php',
            '/Permission denied/' =>
                'This user may not read the file, or enter a folder above it.',
            '/Is a directory/' =>
                'CAPTOKEN_LIB must name a file.',
            '/GLIBC_[0-9.]+\' not found/' =>
                "The library was built for a newer C library than this system has.\n$build",
            '/ld-musl|libc\.musl|ld-linux|Error relocating/' =>
                "The library was built for another C library: glibc and musl do not mix.\n$build",
            '/wrong ELF class|invalid ELF header|file too short/' =>
                "The file is no library, or one for another processor.\n$build",
            '/\S: \S+: cannot open shared object file/' =>
                'The library is there, and another that it needs is not.',
            '/FFI: Failed pre-loading/' => is_file($library)
                ? Report::TO_WRITE . "#define FFI_LIB \"$library\"   (in the file of ffi.preload)"
                : 'The library is not there. Install it: make install-php',
            '/cannot open shared object file/' => getenv('CAPTOKEN_LIB', true)
                ? 'CAPTOKEN_LIB, an environment variable, names it, and nothing else is tried. Correct it.'
                : "The library is not there. Install it: make install-php. If it is somewhere else,\n"
                . "CAPTOKEN_LIB can name it: an environment variable, env[CAPTOKEN_LIB] in a pool's file.",
        ];
        foreach ($advice as $pattern => $help) {
            if (preg_match($pattern, $message) === 1) {
                return $help;
            }
        }
        return null;
    }

    /**
     * Settings to write if those of captoken.ini are not in force.
     *
     * @return list<string>
     */
    public function iniFile(Settings $settings): array
    {
        $ini = "$this->package/captoken.ini";
        $lines = [];
        foreach ($this->installedIni() as $name => $value) {
            $lines[] = "$name=$value";
        }
        if ($lines === []) {
            return ['what `make install-php` puts into share/php/captoken/captoken.ini'];
        }
        $lines[] = match (true) {
            in_array(realpath($ini), array_map(realpath(...), $settings->scannedFiles), true) =>
                "$ini was read; an option, or a file read after it, says otherwise.",
            is_dir($settings->scannedFolder) => "That is: ln -s $ini $settings->scannedFolder/99-captoken.ini",
            default => "These lines are in $ini.",
        };
        return $lines;
    }

    public function preloadUser(): string
    {
        $user = $this->installedIni()['opcache.preload_user'] ?? 'www-data';
        return "opcache.preload_user=$user   ; the user of the workers";
    }

    /** @return array<string, string> empty in the source tree, which has no captoken.ini */
    private function installedIni(): array
    {
        return @parse_ini_file("$this->package/captoken.ini", false, INI_SCANNER_RAW) ?: [];
    }
}
