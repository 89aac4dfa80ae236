<?php

declare(strict_types=1);

namespace Captoken\Tests;

use PHPUnit\Framework\TestCase;

/** Tests that the machine's settings and libraries have no effect on the tests. */
final class IsolationTest extends TestCase
{
    use SkipsAloud;

    public function testInstalledPackageHasNoEffect(): void
    {
        if (!function_exists('pcntl_exec')) {
            self::skipAloud("PHPUnit's own process keeps the machine's settings: this PHP lacks pcntl");
        }
        $installed = Package::copy();
        $file = TempFolder::file(<<<'END'
            <?php
            use Captoken\Tests\Php;

            require $argv[1] . '/php/tests/bootstrap.php';
            echo json_encode([
                Captoken\Library::origin(),
                ini_get('ffi.preload'),
                getenv('LD_LIBRARY_PATH'),
                Php::file(Php::program('echo Library::origin(), ini_get("ffi.preload");'))->out,
            ]);
            END);
        $done = Process::run(
            [PHP_BINARY, $file, realpath(Package::ROOT)],
            Ini::with($installed) + [
                'CAPTOKEN_PHP_DIR' => Package::folder(),
                'CAPTOKEN_LIB' => Package::library($installed),
                'LD_LIBRARY_PATH' => dirname(Package::library($installed)),
            ] + Ini::outside(),
        );
        $library = Package::library(Package::folder());
        self::assertSame('', $done->err);
        self::assertSame([$library, '', false, $library], json_decode($done->out));
    }
}
