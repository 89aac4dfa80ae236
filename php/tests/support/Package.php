<?php

declare(strict_types=1);

namespace Captoken\Tests;

use Captoken\Library;

/** The installed package under test. */
final class Package
{
    /** The repository. */
    public const ROOT = __DIR__ . '/../../..';

    private static ?string $folder = null;

    /** Returns the folder of autoload.php. */
    public static function folder(): string
    {
        return self::$folder ??= self::chosen() ?? self::install();
    }

    /** Returns a copy that a test may change, with paths as if installed there. */
    public static function copy(): string
    {
        $copy = TempFolder::make() . '/captoken';
        $done = Process::run(['cp', '-r', self::folder(), $copy], Process::environment());
        if ($done->status !== 0) {
            throw new \RuntimeException($done->err);
        }
        foreach (["$copy/captoken.ffi.h", "$copy/captoken.ini"] as $file) {
            file_put_contents($file, str_replace(self::folder(), $copy, file_get_contents($file)));
        }
        return $copy;
    }

    /** Returns a copy that finds no library, even if one is installed on this machine. */
    public static function copyWithoutLibrary(): string
    {
        $copy = self::copy();
        unlink(self::library($copy));
        $file = "$copy/src/Library.php";
        file_put_contents($file, str_replace("'libcaptoken.so.'", "'libnowhere.so.'", file_get_contents($file)));
        return $copy;
    }

    /**
     * Writes a package for Composer as `make dist` does.
     *
     * @param array<string, string> $libraries a file for each platform, by default only for this
     * @return string the folder of autoload.php
     */
    public static function composed(array $libraries = []): string
    {
        $libraries = $libraries ?: [Library::platform() => self::library(self::folder())];
        $package = TempFolder::make();
        $arguments = [];
        foreach ($libraries as $platform => $library) {
            $arguments[] = "$platform=$library";
        }
        $done = Process::run(
            ['sh', 'scripts/php-package.sh', 'compose', ...$arguments],
            ['TO_PHP' => $package, 'SONAME' => Library::SONAME, 'VERSION' => Library::version()]
                + Process::environment(),
            self::ROOT,
        );
        if ($done->status !== 0) {
            throw new \RuntimeException($done->err);
        }
        return $package;
    }

    /** Returns the path of a package's library, which its header names. */
    public static function library(string $folder): string
    {
        preg_match('/^#define FFI_LIB "(.*)"$/m', file_get_contents("$folder/captoken.ffi.h"), $found);
        return "$folder/lib/" . basename($found[1]);
    }

    private static function chosen(): ?string
    {
        $chosen = getenv('CAPTOKEN_PHP_DIR');
        if ($chosen === false || $chosen === '') {
            return null;
        }
        return realpath($chosen) ?: throw new \RuntimeException("CAPTOKEN_PHP_DIR: no folder $chosen");
    }

    private static function install(): string
    {
        $prefix = TempFolder::make();
        $make = ['make', '--silent', '--no-print-directory', 'install-php', "PREFIX=$prefix"];
        $done = Process::run($make, Process::environment(), self::ROOT);
        if ($done->status !== 0) {
            throw new \RuntimeException("make install-php failed:\n$done->out$done->err");
        }
        return "$prefix/share/php/captoken";
    }
}
