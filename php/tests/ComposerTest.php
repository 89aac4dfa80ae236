<?php

declare(strict_types=1);

namespace Captoken\Tests;

use Captoken\Library;
use PHPUnit\Framework\TestCase;

/** The package for Composer, which has a library for each platform. */
final class ComposerTest extends TestCase
{
    use SkipsAloud;

    private const PLATFORMS = ['x86_64-linux-gnu', 'x86_64-linux-musl', 'aarch64-linux-gnu', 'aarch64-linux-musl'];

    private const PROGRAM = <<<'END'
        <?php
        require 'vendor/autoload.php';
        echo (new Captoken\Capability('AC123123', 'secret'))->generateToken(), ' ', Captoken\Library::origin();
        END;

    /** @dataProvider repositories */
    public function testComposerInstallsFromEachKindOfRepository(string $type): void
    {
        if ($type === 'artifact' && !class_exists('ZipArchive')) {
            self::skipAloud('artifact repositories are not tested: this PHP lacks the extension zip');
        }
        $package = Package::composed();
        $url = $type === 'path' ? $package : self::archived($package);
        $project = Composer::project(<<<END
            composer init --no-interaction --name=example/app
            composer config repositories.captoken --json '{"type": "$type", "url": "$url"}'
            composer require --no-progress captoken/captoken:^0
            END);
        file_put_contents("$project/program.php", self::PROGRAM);
        $done = Process::run([PHP_BINARY, 'program.php'], Process::environment(), $project);
        [$token, $origin] = explode(' ', $done->out) + [1 => ''];
        self::assertSame('AC123123', Token::read($token, 'secret')->claims['iss'], $done->out . $done->err);
        $library = 'captoken/captoken/lib/' . Library::platform() . '/' . Library::SONAME;
        self::assertSame(realpath("$project/vendor/$library"), realpath($origin));

        $readme = file_get_contents("$project/vendor/captoken/captoken/README.md");
        self::assertStringContainsString("require 'vendor/autoload.php';", $readme);
        self::assertStringNotContainsString('](..', $readme);

        $doctor = Process::run([PHP_BINARY, 'vendor/bin/captoken-doctor'], Process::environment(), $project);
        self::assertStringContainsString('was chosen because this PHP runs on ' . php_uname('m'), $doctor->out);
    }

    /** @return iterable<array{string}> */
    public static function repositories(): iterable
    {
        yield ['path'];
        yield ['artifact'];
    }

    public function testEnvironmentOverridesThePlatform(): void
    {
        $library = Package::library(Package::folder());
        $package = Package::composed();
        $chosen = Process::run(
            [PHP_BINARY, "$package/bin/captoken-doctor"],
            ['CAPTOKEN_LIB' => $library] + Process::environment(),
        );
        self::assertStringContainsString(", from $library;", $chosen->out);
        self::assertStringContainsString('the library was chosen by CAPTOKEN_LIB', $chosen->out);
    }

    /** Otherwise it may fail later: the library for glibc can load in a process with musl. */
    public function testLibraryOfAnotherPlatformIsNotTried(): void
    {
        $library = Package::library(Package::folder());
        $others = array_diff(self::PLATFORMS, [Library::platform()]);
        $package = Package::composed(array_fill_keys($others, $library));
        $file = "$package/src/Library.php";
        file_put_contents($file, str_replace("'libcaptoken.so.'", "'libnowhere.so.'", file_get_contents($file)));
        $done = Process::run([PHP_BINARY, "$package/bin/captoken-doctor"], Process::environment());
        self::assertStringContainsString(
            "$package/lib/" . Library::platform() . '/libcaptoken.so.0: cannot open shared object file',
            $done->out,
        );
        foreach ($others as $other) {
            self::assertStringNotContainsString("/$other/", $done->out);
        }
        self::assertStringContainsString('has no library for ' . Library::platform(), $done->out);
    }

    /** Otherwise a restricted PHP would seem to have another platform. */
    public function testPlatformThatCannotBeToldIsAnError(): void
    {
        $package = Package::composed();
        $program = <<<'END'
            require $argv[1];
            try {
                echo Captoken\Library::platform();
            } catch (Captoken\CaptokenException $e) {
                echo $e->getCode(), ' ', $e->getMessage();
            }
            END;
        foreach (
            [
                ['ffi.enable=0', 'FFI API is restricted'],
                ['disable_classes=FFI', 'the FFI extension is not loaded'],
                ['disable_functions=php_uname', 'php.ini disables php_uname(); name the library in CAPTOKEN_LIB'],
            ] as [$setting, $message]
        ) {
            $command = [PHP_BINARY, '-d', $setting, '-r', $program, '--', "$package/autoload.php"];
            $done = Process::run($command, Process::environment());
            self::assertStringStartsWith('-1 the C library of captoken cannot be loaded:', $done->out . $done->err);
            self::assertStringContainsString($message, $done->out);
        }
    }

    public function testPlatformIsThatOfTheProcess(): void
    {
        // The loader of a process with musl is called ld-musl-ARCH.so.1.
        $libc = str_contains(file_get_contents('/proc/self/maps'), '/ld-musl-') ? 'musl' : 'gnu';
        self::assertSame(php_uname('m') . "-linux-$libc", Library::platform());
    }

    /** Packs a folder, and returns the folder of the archive. */
    private static function archived(string $folder): string
    {
        $archives = TempFolder::make();
        $zip = new \ZipArchive();
        self::assertTrue($zip->open("$archives/captoken.zip", \ZipArchive::CREATE));
        $files = new \RecursiveDirectoryIterator($folder, \FilesystemIterator::SKIP_DOTS);
        foreach (new \RecursiveIteratorIterator($files) as $file) {
            self::assertTrue($zip->addFile((string) $file, substr((string) $file, strlen($folder) + 1)));
        }
        $zip->close();
        return $archives;
    }
}
