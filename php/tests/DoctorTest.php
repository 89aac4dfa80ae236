<?php

declare(strict_types=1);

namespace Captoken\Tests;

use PHPUnit\Framework\TestCase;

/** bin/captoken-doctor names what is wrong, and what to write, for each broken setting. */
final class DoctorTest extends TestCase
{
    use SkipsAloud;

    public function testAllIsWellWithTheInstalledIni(): void
    {
        $done = self::doctor([], self::installedIni());
        self::assertStringContainsString('ffi.preload', $done->out);
        self::assertStringContainsString('preload.php preloads the package', $done->out);
        self::assertStringContainsString('All is well.', $done->out);
        self::assertStringNotContainsString('WRONG', $done->out);
        self::assertSame([0, ''], [$done->status, $done->err]);
    }

    public function testItFitsOnOneScreen(): void
    {
        foreach ([self::doctor([]), self::doctor([], self::installedIni())] as $done) {
            self::assertLessThanOrEqual(24, substr_count($done->out, "\n"), $done->out);
        }
    }

    /**
     * @dataProvider brokenSettings
     * @param list<string> $options of php-fpm, which has read the installed ini
     */
    public function testABrokenSettingOfPhpFpmIsNamed(
        array $options,
        string $finding,
        string $help,
        bool $onlyAsRoot = false,
    ): void {
        if ($onlyAsRoot && posix_geteuid() !== 0) {
            self::skipAloud('PHP checks opcache.preload_user only as root');
        }
        $options = str_replace('PACKAGE', Package::folder(), $options);
        $done = self::doctor(['--', ...$options], self::installedIni());
        [, $fpm] = explode("\nphp-fpm (", $done->out);
        self::assertStringContainsString("WRONG $finding", self::oneLine($fpm));
        self::assertStringContainsString(str_replace('PACKAGE', Package::folder(), $help), self::oneLine($fpm));
        self::assertStringEndsWith("\nSomething is wrong.\n", $fpm);
        self::assertSame(1, $done->status);
    }

    /** @return array<string, array{0: list<string>, 1: string, 2: string, 3?: bool}> */
    public static function brokenSettings(): array
    {
        $library = TempFolder::file('no library', 'libcaptoken.so.0');
        $header = static fn (string $library): string => TempFolder::file(
            str_replace('"libcaptoken.so.0"', "\"$library\"", file_get_contents(
                Package::ROOT . '/php/captoken.ffi.h',
            )),
            'captoken.ffi.h',
        );
        $load = TempFolder::file("<?php FFI::load('" . Package::folder() . "/captoken.ffi.h');");
        $other = TempFolder::file('<?php class SomethingElse {}');
        return [
            'ffi.enable' => [
                ['-d', 'ffi.enable=0'],
                'ffi.enable is off',
                'To write: ffi.enable=preload',
            ],
            'no FFI' => [
                ['-n'],
                'the extension FFI is not loaded',
                'To write: extension=ffi',
            ],
            'no opcache' => [
                ['-n', '-d', 'extension=ffi'],
                'opcache is not loaded',
                'To write: zend_extension=opcache',
            ],
            'opcache.enable' => [
                ['-d', 'opcache.enable=0'],
                'opcache.enable is off',
                'To write: opcache.enable=1',
            ],
            'no preload script' => [
                ['-d', 'opcache.preload='],
                'opcache.preload is empty',
                'opcache.preload=PACKAGE/preload.php',
            ],
            'a preload script that is not there' => [
                ['-d', 'opcache.preload=/nowhere/preload.php'],
                "it does not start: Fatal error: Failed opening required '/nowhere/preload.php'",
                'To write: opcache.preload=PACKAGE/preload.php',
            ],
            'a preload script of something else' => [
                ['-d', "opcache.preload=$other"],
                "$other ",
                "does not preload the package To write: require_once 'PACKAGE/preload.php'",
            ],
            'a preload script that calls FFI::load()' => [
                ['-d', "opcache.preload=$load"],
                'it does not start: Fatal error: Uncaught FFI\Exception: FFI::load() doesn\'t work',
                'To write: ffi.preload=PACKAGE/captoken.ffi.h ; and no FFI::load()',
                true,
            ],
            'no preload user' => [
                ['-d', 'opcache.preload_user='],
                'it does not start: Fatal Error "opcache.preload_user" has not been defined',
                'To write: opcache.preload_user=www-data',
                true,
            ],
            'a preload user who does not exist' => [
                ['-d', 'opcache.preload_user=nobody-of-this-name'],
                'it does not start: Fatal Error Preloading failed to getpwnam("nobody-of-this-name")',
                'To write: opcache.preload_user=www-data ; a user that exists',
                true,
            ],
            'a header that is not there' => [
                ['-d', 'ffi.preload=/nowhere/captoken.ffi.h'],
                "it does not start: Warning: FFI: failed pre-loading '/nowhere/captoken.ffi.h'",
                'To write: ffi.preload=PACKAGE/captoken.ffi.h',
            ],
            'the header of C' => [
                ['-d', 'ffi.preload=' . realpath(Package::ROOT . '/include/captoken.h')],
                'it does not start: Warning: FFI Parser',
                'To write: ffi.preload=PACKAGE/captoken.ffi.h ; captoken.h is for C alone',
            ],
            'a header whose library is not there' => [
                ['-d', 'ffi.preload=' . $header('/nowhere/libcaptoken.so.0')],
                "it does not start: Warning: FFI: Failed pre-loading '/nowhere/libcaptoken.so.0'",
                'To write: #define FFI_LIB "PACKAGE/lib/libcaptoken.so.0"',
            ],
            'a header whose library is none' => [
                ['-d', "ffi.preload={$header($library)}"],
                "it does not start: Warning: FFI: Failed pre-loading '$library'",
                'file too short The file is no library',
            ],
            'a header whose library needs another C library' => [
                ['-d', "ffi.preload={$header(self::newer(Package::library(Package::folder())))}"],
                'it does not start: Warning: FFI: Failed pre-loading',
                'The library was built for a newer C library than this system has.',
            ],
            'a header whose library is of another version' => [
                ['-d', "ffi.preload={$header(Stub::compile('-DVERSION="1.2.3"'))}"],
                'the C library of captoken cannot be loaded: ffi.preload: version 1.2.3, while this package needs'
                    . ' version 0.x',
                'Package and library are of different versions.',
            ],
            'a program that is no php-fpm' => [
                ['--no-such-option'],
                'it does not start: Usage:',
                '[-y <file>]',
            ],
        ];
    }

    public function testWithoutAHeaderItWorksAndSaysHowItIsFaster(): void
    {
        $done = self::doctor(['--', '-d', 'ffi.preload='], self::installedIni());
        self::assertStringContainsString('ffi.preload is empty', $done->out);
        $write = 'To write: ffi.preload=' . Package::folder() . '/captoken.ffi.h';
        self::assertStringContainsString($write, $done->out);
        self::assertSame(0, $done->status, $done->out);
    }

    /**
     * @dataProvider brokenLibraries
     * @param \Closure(): string $library
     */
    public function testALibraryThatCannotBeLoadedIsNamed(\Closure $library, string $reason, string $help): void
    {
        $file = $library();
        $done = self::doctor(['--web'], ['CAPTOKEN_LIB' => $file]);
        [$commandLine] = explode("\nA web server", $done->out);
        $finding = 'WRONG the C library of captoken cannot be loaded: ';
        self::assertStringContainsString($finding, self::oneLine($commandLine));
        self::assertStringContainsString($file, $commandLine);
        self::assertStringContainsString($reason, $commandLine);
        self::assertStringContainsString($help, self::oneLine($commandLine));
        self::assertSame(1, $done->status);
    }

    /** @return array<string, array{\Closure(): string, string, string}> */
    public static function brokenLibraries(): array
    {
        return [
            'not there' => [
                static fn (): string => '/nowhere/libcaptoken.so.0',
                'cannot open shared object file',
                'Install it: make install-php.',
            ],
            'no library' => [
                static fn (): string => TempFolder::file(str_repeat('no library ', 100), 'libcaptoken.so.0'),
                'invalid ELF header',
                'The file is no library, or one for another processor.',
            ],
            'for a newer glibc' => [
                static fn (): string => self::newer(Package::library(Package::folder())),
                'not found',
                'The library was built for a newer C library than this system has.',
            ],
            'for musl' => [
                static fn (): string => self::forMusl(),
                'libc.musl-x86_64.so.1: cannot open shared object file',
                'The library was built for another C library: glibc and musl do not mix.',
            ],
            'of another version' => [
                static fn (): string => Stub::compile('-DVERSION="1.2.3"'),
                'version 1.2.3, while this package needs version 0.x',
                'Package and library are of different versions.',
            ],
        ];
    }

    public function testACommandLineThatMayNotCallCIsNamed(): void
    {
        $done = self::doctor(['--web'], [], ['-d', 'ffi.enable=0']);
        [$commandLine] = explode("\nA web server", $done->out);
        self::assertStringContainsString('WRONG  ffi.enable is off: nothing may call C', $commandLine);
        self::assertStringContainsString('To write: ffi.enable=preload', $commandLine);
        self::assertSame(1, $done->status);
    }

    public function testAPhpWithoutFfiIsNamed(): void
    {
        $done = self::doctor(['--web'], [], ['-n']);
        [$commandLine] = explode("\nA web server", $done->out);
        self::assertStringContainsString('WRONG  the extension FFI is not loaded', $commandLine);
        self::assertSame(1, $done->status);
    }

    public function testAWebServerOtherThanPhpFpmIsJudgedByTheSettingsOfTheCommand(): void
    {
        $done = self::doctor(['--web'], self::installedIni());
        self::assertStringContainsString('A web server with the settings of this command', $done->out);
        self::assertStringContainsString('preloads the package', $done->out);
        self::assertSame(0, $done->status, $done->out);

        $done = self::doctor(['--web'], self::installedIni(), ['-d', 'opcache.preload_user=']);
        self::assertStringContainsString('WRONG  opcache.preload_user is empty', $done->out);
        self::assertStringContainsString('To write: opcache.preload_user=www-data', $done->out);
        self::assertSame(1, $done->status, $done->out);
    }

    public function testACopyThatWasNotInstalledSaysSo(): void
    {
        $copy = Package::copy();
        unlink("$copy/captoken.ini");
        $done = self::doctor(['--web'], [], [], $copy);
        self::assertStringContainsString('make install-php', $done->out);
        self::assertStringNotContainsString('These lines are in', $done->out);
    }

    public function testHelpAndWrongArguments(): void
    {
        $done = self::doctor(['--help']);
        self::assertStringStartsWith('usage: captoken-doctor', $done->out);
        self::assertSame([0, ''], [$done->status, $done->err]);

        $done = self::doctor(['--nonsense']);
        self::assertStringStartsWith('captoken-doctor: what is --nonsense?', $done->err);
        self::assertSame([2, ''], [$done->status, $done->out]);

        $done = self::doctor(['--fpm=/nowhere/php-fpm']);
        self::assertStringContainsString('WRONG  there is no program /nowhere/php-fpm', $done->out);
        self::assertSame(1, $done->status);
    }

    /**
     * @param list<string> $arguments
     * @param array<string, string> $environment
     * @param list<string> $options of php
     */
    private static function doctor(
        array $arguments,
        array $environment = [],
        array $options = [],
        ?string $package = null,
    ): Process {
        $program = ($package ?? Package::folder()) . '/bin/captoken-doctor';
        return Process::run(
            [PHP_BINARY, ...$options, $program, ...$arguments],
            $environment + Process::environment(),
        );
    }

    /** @return array<string, string> */
    private static function installedIni(): array
    {
        return ['PHP_INI_SCAN_DIR' => ':' . Package::folder()];
    }

    /** What is printed, with one space for each line break and indentation. */
    private static function oneLine(string $text): string
    {
        return preg_replace('/\s+/', ' ', $text);
    }

    /** A copy of a library that asks for symbols of a C library to come. */
    private static function newer(string $library): string
    {
        $content = file_get_contents($library);
        self::assertSame(1, preg_match('/\0GLIBC_2\.\d\d\0/', $content, $found));
        $version = $found[0];
        return TempFolder::file(
            str_replace($version, str_replace('GLIBC_2', 'GLIBC_9', $version), $content),
            'libcaptoken.so.0',
        );
    }

    /** A library as they are built on Alpine: it names the C library there. */
    private static function forMusl(): string
    {
        $folder = TempFolder::make();
        $libc = "$folder/libc.musl-x86_64.so.1";
        $empty = TempFolder::file('', 'empty.c');
        $cc = ['cc', '-shared', '-Wl,-soname,libc.musl-x86_64.so.1', '-o', $libc, $empty];
        self::assertSame(0, Process::run($cc, Process::environment())->status);
        $library = Stub::compile('-Wl,--no-as-needed', $libc);
        unlink($libc);
        return $library;
    }
}
