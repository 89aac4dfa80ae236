<?php

declare(strict_types=1);

namespace Captoken\Tests;

use Captoken\CaptokenException;
use Captoken\Library;
use PHPUnit\Framework\TestCase;

/** Tests which library is loaded, and the message if none can be loaded. */
final class LibraryTest extends TestCase
{
    use SkipsAloud;

    /** Prints the version and files of the loaded library, or the exception. */
    private const REPORT = <<<'END'
        try {
            echo Library::version(), "\n";
            $maps = file_get_contents('/proc/self/maps');
            preg_match_all('~ (/\S*lib(?:captoken|fake)\S*)~', $maps, $files);
            echo implode("\n", array_unique($files[1]));
        } catch (CaptokenException $e) {
            echo $e->getCode(), "\n", $e->getMessage();
        }
        END;

    private static string $version;

    public static function setUpBeforeClass(): void
    {
        preg_match('/^version = "(.*)"$/m', file_get_contents(Package::ROOT . '/Cargo.toml'), $found);
        self::$version = $found[1];
    }

    public function testPackageAndLibraryVersionsAgree(): void
    {
        self::assertSame(self::$version, Library::version());
        self::assertSame((string) Library::MAJOR, explode('.', self::$version)[0]);
        $header = file_get_contents(Package::ROOT . '/php/captoken.ffi.h');
        self::assertSame(Library::SONAME, self::define('FFI_LIB', $header));
        self::assertSame(Library::SCOPE, self::define('FFI_SCOPE', $header));
    }

    public function testInstalledHeaderNamesInstalledLibrary(): void
    {
        // The installation's path may be a symbolic link.
        $file = self::define('FFI_LIB', file_get_contents(Package::folder() . '/captoken.ffi.h'));
        self::assertSame('/', $file[0]);
        self::assertSame(realpath(Package::library(Package::folder())), realpath($file));
    }

    /** Composer copies the package, and a user may move it. */
    public function testCopyOfPackageLoadsItsOwnLibrary(): void
    {
        $copy = Package::copy();
        copy(Package::folder() . '/captoken.ffi.h', "$copy/captoken.ffi.h");
        self::assertSame([self::$version, Package::library($copy)], self::report($copy, []));
    }

    /** The library of another build in the folder is not the header's. */
    public function testPackageLoadsOnlyTheLibraryThatItsHeaderNames(): void
    {
        $prefix = TempFolder::make();
        $package = Build::real()->install($prefix);
        $real = Package::library($package);
        Build::fake('0.98.1')->install($prefix);
        $fake = Package::library($package);
        self::assertFileExists($real);
        self::assertSame(['0.98.1', $fake], self::report($package, []));

        unlink($fake);
        $lines = self::report($package, ['LD_LIBRARY_PATH' => self::folderOf(TempFolder::file("no library\n"))]);
        self::assertSame('-1', $lines[0]);
        self::assertStringStartsWith("  $fake: cannot open", $lines[3]);
        self::assertStringNotContainsString($real, implode("\n", $lines));
    }

    /** A long process, such as a worker, uses the new library without a restart. */
    public function testTwoBuildsWorkInOneProcess(): void
    {
        $prefix = TempFolder::make();
        $package = Build::real()->install($prefix);
        $old = TempFolder::make() . '/old';
        Process::run(['cp', '-r', $package, $old], Process::environment());
        Build::fake('0.98.1')->install($prefix);
        [$real, $fake] = [Package::library($old), Package::library($package)];
        $out = Php::run(<<<END
            \$load = fn (string \$package, string \$library) =>
                FFI::cdef(file_get_contents("\$package/captoken.ffi.h"), \$library);
            \$old = \$load('$old', '$real');
            \$new = \$load('$package', '$fake');
            echo \$old->cap_version(), ' ', \$new->cap_version(), ' ', \$new->cap_one_more();
            END);
        self::assertSame(self::$version . ' 0.98.1 1', $out);
    }

    public function testConstantsEqualStatusesOfTheLibrary(): void
    {
        $header = file_get_contents(Package::folder() . '/captoken.ffi.h');
        preg_match_all('/^ *CAP_STATUS_(\w+) = (-?\d+),$/m', $header, $found);
        $statuses = array_combine($found[1], array_map(intval(...), $found[2]));
        self::assertSame(0, $statuses['OK']);
        self::assertCount(22, $statuses);
        $constants = (new \ReflectionClass(CaptokenException::class))->getConstants();
        self::assertSame(-1, $constants['LIBRARY_NOT_LOADED']);
        unset($statuses['OK'], $constants['LIBRARY_NOT_LOADED']);
        self::assertSame($statuses, $constants);
    }

    public function testLibraryOfEnvironmentComesFirst(): void
    {
        $fake = FakeLibrary::build('-DVERSION="0.98.7"');
        self::assertSame(
            ['0.98.7', $fake],
            self::report(Package::folder(), ['CAPTOKEN_LIB' => $fake]),
        );
    }

    public function testEmptyVariableIsIgnored(): void
    {
        // By env, because proc_open() passes no empty variable.
        $file = TempFolder::file(Php::program(self::REPORT . "\nvar_dump(getenv('CAPTOKEN_LIB'));"));
        $done = Process::run(['env', 'CAPTOKEN_LIB=', PHP_BINARY, $file], Process::environment());
        self::assertSame(
            self::$version . "\n" . Package::library(Package::folder()) . "string(0) \"\"\n",
            $done->out . $done->err,
        );
    }

    public function testLibraryOfPackageComesBeforeInstalledOne(): void
    {
        self::assertSame(
            [self::$version, Package::library(Package::folder())],
            self::report(Package::folder(), ['LD_LIBRARY_PATH' => self::folderOf(FakeLibrary::build())]),
        );
    }

    public function testInstalledLibraryIsTheLastChoice(): void
    {
        $folder = self::folderOf(FakeLibrary::build('-DVERSION="0.97.0"'));
        self::assertSame(
            ['0.97.0', "$folder/" . Library::SONAME],
            self::report(self::packageWithoutLibrary(), ['LD_LIBRARY_PATH' => $folder]),
        );
    }

    public function testSourceTreeLoadsInstalledLibrary(): void
    {
        $folder = self::folderOf(FakeLibrary::build('-DVERSION="0.97.0"'));
        self::assertSame(
            ['0.97.0', "$folder/" . Library::SONAME],
            self::report(realpath(Package::ROOT . '/php'), ['LD_LIBRARY_PATH' => $folder]),
        );
    }

    public function testUnloadableLibraryOfPackageIsSkipped(): void
    {
        $package = Package::copy();
        $file = Package::library($package);
        $folder = self::folderOf(Package::library(Package::folder()));
        foreach (["no library\n" => null, '1.0.0' => FakeLibrary::build('-DVERSION="1.0.0"')] as $content => $fake) {
            unlink($file);
            $fake === null ? file_put_contents($file, $content) : copy($fake, $file);
            self::assertSame(
                [self::$version, "$folder/" . Library::SONAME],
                self::report($package, ['LD_LIBRARY_PATH' => $folder]),
            );
        }
    }

    public function testMissingLibraryErrorListsPathsAndReasons(): void
    {
        $package = self::packageWithoutLibrary();
        // A file that is not a library hides one that may be installed on this system.
        $folder = self::folderOf(TempFolder::file("no library\n"));
        $lines = self::report($package, ['LD_LIBRARY_PATH' => $folder]);
        self::assertCount(6, $lines, implode("\n", $lines));
        self::assertSame('-1', $lines[0]);
        self::assertSame('the C library of captoken cannot be loaded:', $lines[1]);
        self::assertStringContainsString('CAPTOKEN', $lines[2]);
        self::assertSame(
            '  ' . Package::library($package) . ': cannot open shared object file: No such file or directory',
            $lines[3],
        );
        self::assertStringStartsWith("  $folder/" . Library::SONAME . ': ', $lines[4]);
        self::assertMatchesRegularExpression('/: (file too short|invalid ELF header)$/', $lines[4]);
        self::assertSame("run $package/bin/captoken-doctor to see what to change", $lines[5]);
        self::assertFileExists("$package/bin/captoken-doctor");
    }

    /**
     * @dataProvider wrongLibraries
     * @param \Closure(): string $make
     */
    public function testWrongLibraryOfEnvironmentIsNotSkipped(\Closure $make, string $reason): void
    {
        $file = $make();
        $good = self::folderOf(Package::library(Package::folder()));
        $environment = ['CAPTOKEN_LIB' => $file, 'LD_LIBRARY_PATH' => $good];
        $lines = self::report(Package::folder(), $environment);
        self::assertSame('-1', $lines[0], implode("\n", $lines));
        self::assertCount(5, $lines, implode("\n", $lines));
        self::assertStringContainsString('CAPTOKEN', $lines[2]);
        self::assertStringStartsWith("  $file: ", $lines[3]);
        self::assertMatchesRegularExpression("/$reason/", $lines[3]);
        self::assertSame('run ' . Package::folder() . '/bin/captoken-doctor to see what to change', $lines[4]);
    }

    /** @return array<string, array{\Closure(): string, string}> */
    public static function wrongLibraries(): array
    {
        $content = str_repeat("no library\n", 1000);
        return [
            'no file' => [
                static fn () => '/nonexistent/libcaptoken.so.0',
                'cannot open shared object file: No such file or directory$',
            ],
            'a folder' => [static fn () => TempFolder::make(), 'cannot read file data: Is a directory$'],
            'a text file' => [static fn () => TempFolder::file($content, 'lib.so'), 'invalid ELF header$'],
            'an empty file' => [static fn () => TempFolder::file('', 'lib.so'), 'file too short$'],
            'a library that needs a missing one' => [
                static function (): string {
                    $needed = FakeLibrary::build();
                    $file = FakeLibrary::build('-Wl,--no-as-needed', $needed);
                    unlink($needed);
                    return $file;
                },
                'libfake\.so: cannot open shared object file: No such file or directory$',
            ],
            'of another project' => [static fn () => FakeLibrary::build('-Dcap_version=renamed'), 'cap_version'],
            'a missing function' => [static fn () => FakeLibrary::build('-Dcap_generate=renamed'), "cap_generate'"],
            'version 1' => [
                static fn () => FakeLibrary::build('-DVERSION="1.0.0"'),
                'version 1\.0\.0, but this package needs version 0\.x$',
            ],
            'an unreadable version' => [static fn () => FakeLibrary::build('-DVERSION="x"'), 'version x, but'],
            'version 01' => [static fn () => FakeLibrary::build('-DVERSION="01.0"'), 'version 01\.0, but'],
        ];
    }

    public function testMissingHeaderIsReported(): void
    {
        $package = Package::copy();
        $library = Package::library($package);
        unlink("$package/captoken.ffi.h");
        $lines = self::report($package, ['CAPTOKEN_LIB' => $library]);
        self::assertSame('-1', $lines[0]);
        self::assertSame("  $package/captoken.ffi.h: cannot be read", $lines[3]);
    }

    public function testFailedLoadIsTriedAgain(): void
    {
        $missing = TempFolder::make() . '/' . Library::SONAME;
        $out = Php::run(<<<'END'
            try {
                new Capability('AC1', 'secret');
            } catch (CaptokenException $e) {
                echo $e->getCode(), "\n";
            }
            copy(getenv('GOOD'), getenv('CAPTOKEN_LIB'));
            echo (new Capability('AC1', 'secret'))->generateTokenAt(0);
            END, ['CAPTOKEN_LIB' => $missing, 'GOOD' => Package::library(Package::folder())]);
        self::assertStringStartsWith("-1\n", $out);
        Token::read(substr($out, 3), 'secret');
    }

    public function testPhpWithoutFfiIsReported(): void
    {
        $file = TempFolder::file(Php::program(
            'try { Library::version(); } catch (CaptokenException $e) { echo $e->getCode(), "\n", $e->getMessage(); }',
        ));
        $modules = Process::run([PHP_BINARY, '-n', '-m'], Process::environment());
        if (preg_match('/^FFI$/m', $modules->out) === 1) {
            self::skipAloud('FFI is not tested as missing: it is built into this PHP');
        }
        $done = Process::run([PHP_BINARY, '-n', $file], Process::environment());
        self::assertSame(0, $done->status, $done->out . $done->err);
        self::assertSame(
            "-1\nthe C library of captoken cannot be loaded:\n"
                . "  the FFI extension is not loaded, or php.ini disables it\n"
                . 'run ' . Package::folder() . '/bin/captoken-doctor to see what to change',
            $done->out,
        );
    }

    public function testFfiDisabledIsReportedWithoutTryingFiles(): void
    {
        foreach (['ffi.enable=0', 'ffi.enable=false'] as $setting) {
            $lines = self::report(Package::folder(), [], ['-d', $setting]);
            self::assertCount(4, $lines, implode("\n", $lines));
            self::assertSame('-1', $lines[0]);
            self::assertStringContainsString('"ffi.enable"', $lines[2]);
            self::assertStringEndsWith('captoken-doctor to see what to change', $lines[3]);
        }
    }

    /**
     * @param array<string, string> $environment
     * @param list<string> $options of php
     * @return list<string> lines
     */
    private static function report(string $package, array $environment, array $options = []): array
    {
        $done = Php::file(Php::program(self::REPORT, $package), $environment, $options);
        self::assertSame('', $done->err);
        self::assertSame(0, $done->status, $done->out);
        return explode("\n", $done->out);
    }

    /** Copies a file into a new folder, under the name that the loader needs. */
    private static function folderOf(string $file): string
    {
        $folder = TempFolder::make();
        copy($file, "$folder/" . Library::SONAME);
        return $folder;
    }

    private static function packageWithoutLibrary(): string
    {
        $package = Package::copy();
        unlink(Package::library($package));
        return $package;
    }

    private static function define(string $name, string $header): string
    {
        self::assertSame(1, preg_match("/^#define $name \"(.*)\"$/m", $header, $found));
        return $found[1];
    }
}
