<?php

declare(strict_types=1);

namespace Captoken\Tests;

use PHPUnit\Framework\TestCase;

/** Tests that bin/captoken-doctor names each broken setting and the setting to write. */
final class DoctorTest extends TestCase
{
    use SkipsAloud;

    public function testInstalledIniPassesAllChecks(): void
    {
        $done = self::doctor([], self::installedIni());
        self::assertStringContainsString('ffi.preload', $done->out);
        self::assertStringContainsString('preload.php preloads the package', $done->out);
        self::assertStringContainsString('All is well.', $done->out);
        self::assertStringNotContainsString('WRONG', $done->out);
        self::assertSame([0, ''], [$done->status, $done->err]);
    }

    public function testOutputFitsOnOneScreen(): void
    {
        foreach ([self::doctor([]), self::doctor([], self::installedIni())] as $done) {
            self::assertLessThanOrEqual(24, substr_count($done->out, "\n"), $done->out);
        }
    }

    /**
     * @dataProvider brokenSettings
     * @param list<string> $options of php-fpm, which has read the installed ini
     */
    public function testBrokenSettingOfPhpFpmIsNamed(
        array $options,
        string $finding,
        string $help,
        bool $onlyAsRoot = false,
    ): void {
        if ($onlyAsRoot && posix_geteuid() !== 0) {
            self::skipAloud('PHP checks opcache.preload_user only if root starts it');
        }
        $options = str_replace('PACKAGE', Package::folder(), $options);
        $done = self::doctor(['--', ...$options], self::installedIni());
        [, $fpm] = explode("\nphp-fpm (", $done->out);
        self::assertStringContainsString("WRONG $finding", self::oneLine($fpm));
        self::assertStringContainsString(str_replace('PACKAGE', Package::folder(), $help), self::oneLine($fpm));
        self::assertStringContainsString("\nSomething is wrong. ", $fpm);
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
                'Write: ffi.enable=preload ffi.preload=PACKAGE/captoken.ffi.h opcache.enable=1'
                    . ' opcache.preload=PACKAGE/preload.php opcache.preload_user=www-data'
                    . ' PACKAGE/captoken.ini was read, but a later file or an option overrides it.',
            ],
            'another php.ini' => [
                ['-n', '-c', '/dev/null', '-d', 'extension=ffi', '-d', 'ffi.enable=off'],
                'ffi.enable is off',
                'Write: ffi.enable=preload',
            ],
            'no FFI' => [
                ['-n'],
                'the FFI extension is not loaded',
                'Write: extension=ffi',
            ],
            'no opcache' => [
                ['-n', '-d', 'extension=ffi'],
                'opcache is not loaded',
                'Write: zend_extension=opcache',
            ],
            'opcache.enable' => [
                ['-d', 'opcache.enable=0'],
                'opcache.enable is off',
                'Write: opcache.enable=1',
            ],
            'no preload script' => [
                ['-d', 'opcache.preload='],
                'opcache.preload is empty',
                'opcache.preload=PACKAGE/preload.php',
            ],
            'a missing preload script' => [
                ['-d', 'opcache.preload=/nowhere/preload.php'],
                "php-fpm does not start: Fatal error: Failed opening required '/nowhere/preload.php'",
                'Write: opcache.preload=PACKAGE/preload.php',
            ],
            'a preload script without the package' => [
                ['-d', "opcache.preload=$other"],
                "$other ",
                "does not preload the package Write: require_once 'PACKAGE/preload.php'",
            ],
            'a preload script that calls FFI::load()' => [
                ['-d', "opcache.preload=$load"],
                'php-fpm does not start: Fatal error: Uncaught FFI\Exception: FFI::load() doesn\'t work',
                'Write: ffi.preload=PACKAGE/captoken.ffi.h ; and no FFI::load()',
                true,
            ],
            'no preload user' => [
                ['-d', 'opcache.preload_user='],
                // PHP 8.2: "opcache.preload_user" has not been defined. PHP 8.4: "opcache.preload"
                // requires "opcache.preload_user" when running under uid 0.
                'php-fpm does not start: Fatal Error "opcache.preload',
                'Write: opcache.preload_user=www-data',
                true,
            ],
            'an unknown preload user' => [
                ['-d', 'opcache.preload_user=no-such-user'],
                'php-fpm does not start: Fatal Error Preloading failed to getpwnam("no-such-user")',
                'Write: opcache.preload_user=www-data',
                true,
            ],
            'a missing header' => [
                ['-d', 'ffi.preload=/nowhere/captoken.ffi.h'],
                "php-fpm does not start: Warning: FFI: failed pre-loading '/nowhere/captoken.ffi.h'",
                'Write: ffi.preload=PACKAGE/captoken.ffi.h',
            ],
            'the header for C' => [
                ['-d', 'ffi.preload=' . realpath(Package::ROOT . '/include/captoken.h')],
                'php-fpm does not start: Warning: FFI Parser',
                'Write: ffi.preload=PACKAGE/captoken.ffi.h ; captoken.h is only for C',
            ],
            'a header whose library is missing' => [
                ['-d', 'ffi.preload=' . $header('/nowhere/libcaptoken.so.0')],
                "php-fpm does not start: Warning: FFI: Failed pre-loading '/nowhere/libcaptoken.so.0'",
                'Write: ffi.preload=PACKAGE/captoken.ffi.h',
            ],
            'a header whose library is another file' => [
                ['-d', "ffi.preload={$header($library)}"],
                "php-fpm does not start: Warning: FFI: Failed pre-loading '$library'",
                'file too short The file is not a library',
            ],
            'a header whose library needs a newer glibc' => [
                ['-d', "ffi.preload={$header(self::newer(Package::library(Package::folder())))}"],
                'php-fpm does not start: Warning: FFI: Failed pre-loading',
                'The library was built for a newer C library than this system has.',
            ],
            'a header whose library lacks a function' => [
                ['-d', "ffi.preload={$header(FakeLibrary::build('-Dcap_generate=renamed'))}"],
                'php-fpm does not start: Warning: failed pre-loading',
                'Package and library are of different versions.',
            ],
            'a header whose library needs a missing one' => [
                ['-d', "ffi.preload={$header(self::needing('libother.so.1'))}"],
                'php-fpm does not start: Warning: FFI: Failed pre-loading',
                'libother.so.1: cannot open shared object file: No such file or directory'
                    . ' The library exists, but one that it needs is missing. Install that one.',
            ],
            'a preload script that fails' => [
                ['-d', 'opcache.preload=' . TempFolder::file('<?php no_such_function();')],
                'php-fpm does not start: Fatal error: Uncaught Error: Call to undefined function no_such_function()',
                '',
            ],
            'a header whose library has another version' => [
                ['-d', "ffi.preload={$header(FakeLibrary::build('-DVERSION="1.2.3"'))}"],
                'the C library of captoken cannot be loaded: ffi.preload: version 1.2.3, but this package needs'
                    . ' version 0.x',
                'Package and library are of different versions.',
            ],
            'an option that php-fpm refuses' => [
                ['--no-such-option'],
                'php-fpm does not start: Usage:',
                '[-y <file>]',
            ],
        ];
    }

    /** A user who cannot start php-fpm as root sees the failures that root would see. */
    public function testFailuresOfRootAreReportedToOthers(): void
    {
        $as = posix_geteuid() === 0
            ? ['setpriv', '--reuid=www-data', '--regid=www-data', '--clear-groups']
            : [];
        $doctor = static fn (string $user): Process => Process::run(
            [...$as, PHP_BINARY, Package::folder() . '/bin/captoken-doctor', '--', '-y', self::configuration(),
                '-d', "opcache.preload_user=$user"],
            self::installedIni() + Process::environment(),
        );
        $done = $doctor('');
        self::assertStringContainsString('note   opcache.preload_user is empty: php-fpm does not start', $done->out);
        self::assertStringContainsString('Write: opcache.preload_user=www-data', $done->out);
        self::assertSame(0, $done->status, $done->out);

        $done = $doctor('no-such-user');
        $finding = 'WRONG  opcache.preload_user is no-such-user: there is no such user';
        self::assertStringContainsString($finding, $done->out);
        self::assertSame(1, $done->status, $done->out);

        self::assertSame(0, $doctor('www-data')->status);
    }

    public function testMissingLibraryAdvisesInstallation(): void
    {
        $package = Package::copy();
        unlink(Package::library($package));
        // By an option: in a php.ini the setting would also stop the PHP of the doctor.
        $done = self::doctor(
            ['--', '-d', "ffi.preload=$package/captoken.ffi.h"],
            package: $package,
        );
        [, $fpm] = explode("\nphp-fpm (", $done->out);
        self::assertStringContainsString('The library is missing. Install it: make install-php', $fpm);
        self::assertStringNotContainsString('FFI_LIB', $fpm);
        self::assertSame(1, $done->status);
    }

    public function testHeaderOfMovedPackageIsCorrected(): void
    {
        $package = Package::copy();
        $library = Package::library($package);
        $header = file_get_contents("$package/captoken.ffi.h");
        file_put_contents("$package/captoken.ffi.h", str_replace($package, '/nowhere', $header));
        $done = self::doctor(
            ['--', '-d', "ffi.preload=$package/captoken.ffi.h"],
            package: $package,
        );
        self::assertStringContainsString(
            'The package was moved, but its header names the old place.'
                . " Write: #define FFI_LIB \"$library\" (in $package/captoken.ffi.h)",
            self::oneLine($done->out),
        );
        self::assertSame(1, $done->status);
    }

    public function testHeaderForSeveralPlatformsCannotBePreloaded(): void
    {
        $package = Package::composed();
        $done = self::doctor(['--', '-d', "ffi.preload=$package/captoken.ffi.h"], package: $package);
        self::assertStringContainsString('Remove ffi.preload.', $done->out);
        self::assertSame(1, $done->status);
    }

    public function testMissingSetupPrintsCommand(): void
    {
        $done = self::doctor([]);
        $link = '~Or run: ln -s ' . Package::folder() . '/captoken.ini /\S+/conf.d/99-captoken.ini~';
        self::assertMatchesRegularExpression($link, $done->out);
        self::assertSame(1, $done->status);
    }

    public function testCommandQuotesThePath(): void
    {
        $package = TempFolder::make() . "/it's é";
        Process::run(['cp', '-r', Package::folder(), $package], Process::environment());
        $done = self::doctor([], package: $package);
        $quoted = str_replace("'", "'\\''", $package);
        self::assertStringContainsString("Or run: ln -s '$quoted/captoken.ini' /", $done->out);
    }

    /** Debian's package has its settings in /etc, with a link for each version of PHP. */
    public function testDebianPackageNamesDebianCommands(): void
    {
        $package = Package::copy();
        $etc = TempFolder::make();
        mkdir("$etc/8.2/mods-available", recursive: true);
        mkdir("$etc/8.2/fpm/conf.d", recursive: true);
        copy(getenv('PHP_INI_SCAN_DIR') . '/extensions.ini', "$etc/8.2/fpm/conf.d/extensions.ini");
        rename("$package/captoken.ini", "$etc/captoken.ini");
        symlink("$etc/captoken.ini", "$package/captoken.ini");
        $environment = ['PHP_INI_SCAN_DIR' => "$etc/8.2/fpm/conf.d"];
        $done = self::doctor([], $environment, package: $package);
        self::assertStringContainsString("Or run: ln -s $package/captoken.ini $etc", $done->out);
        symlink("$etc/captoken.ini", "$etc/8.2/mods-available/captoken.ini");
        $done = self::doctor([], $environment, package: $package);
        $command = 'by this command: sudo phpenmod -v 8.2 -s fpm captoken ';
        self::assertStringContainsString($command, self::oneLine($done->out));
        symlink('/nowhere/captoken.ini', "$etc/8.2/fpm/conf.d/99-captoken.ini");
        $done = self::doctor([], $environment, package: $package);
        $remove = "by this command: sudo rm $etc/8.2/fpm/conf.d/99-captoken.ini ";
        self::assertStringContainsString($remove, self::oneLine($done->out));
        $web = Process::run(
            [PHP_BINARY, "$package/bin/captoken-doctor", '--web'],
            $environment + Process::environment(),
        );
        self::assertStringContainsString($remove, self::oneLine($web->out));

        unlink(Package::library($package));
        $done = self::doctor(['--', '-d', "ffi.preload=$package/captoken.ffi.h"], $environment, package: $package);
        self::assertStringContainsString('Install it: apt-get install --reinstall ./php-captoken_*.deb', $done->out);
    }

    public function testPreloadUserComesFromTheInstallation(): void
    {
        $copy = self::packageOfUser('daemon');
        $users = self::configuration(['www' => ['user' => 'www-data'], 'api' => ['user' => 'daemon']]);
        $done = self::doctor([], package: $copy, configuration: $users);
        self::assertStringContainsString('Write: ffi.enable=preload', $done->out);
        self::assertStringContainsString('opcache.preload_user=daemon', $done->out);
    }

    /** The advice must work: captoken.ini may name a user that this system does not have. */
    public function testAdvisedPreloadUserExists(): void
    {
        $copy = self::packageOfUser('no-such-user');
        $daemon = self::configuration(['www' => ['user' => 'daemon']]);
        $done = self::doctor([], Ini::with($copy), package: $copy, configuration: $daemon);
        self::assertMatchesRegularExpression('/getpwnam\("no-such-user"\)|there is no such user/', $done->out);
        self::assertStringContainsString('Write: opcache.preload_user=daemon ', $done->out);
        self::assertSame(1, $done->status);

        $done = self::doctor([], package: $copy, configuration: $daemon);
        self::assertStringContainsString(
            "opcache.preload_user=daemon $copy/captoken.ini names another user."
                . ' Install it again: make install-php PHP_USER=daemon',
            self::oneLine($done->out),
        );
        self::assertStringNotContainsString('no-such-user', $done->out);

        $done = self::doctor(['--web'], Ini::with($copy), ['-d', 'opcache.preload_user='], $copy);
        self::assertStringContainsString('Write: opcache.preload_user=', $done->out);
        self::assertStringNotContainsString('no-such-user', $done->out);
    }

    public function testPoolThatEnablesFfiPasses(): void
    {
        foreach (['php_admin_value[ffi.enable]' => 'on', 'php_admin_flag[ffi.enable]' => 'yes'] as $name => $on) {
            $configuration = self::configuration(['www' => [$name => $on]]);
            $done = self::doctor([], configuration: $configuration);
            self::assertStringContainsString("\npool www, which sets php_admin_value[ffi.enable]=", $done->out);
            self::assertStringContainsString('ffi.enable is on: all PHP code may call C', $done->out);
            self::assertStringContainsString('All is well.', $done->out);
            self::assertSame(0, $done->status, $done->out);
        }
    }

    public function testPoolsWithDifferentSettingsAreCheckedEach(): void
    {
        $off = ['php_admin_flag[ffi.enable]' => 'off'];
        $configuration = self::configuration(['one' => [], 'off' => $off, 'two' => []]);
        $done = self::doctor([], self::installedIni(), configuration: $configuration);
        [, $others, $pool] = explode("\npool ", $done->out);
        self::assertStringStartsWith("one, two\n", $others);
        self::assertStringNotContainsString('WRONG', $others);
        self::assertStringStartsWith("off, which sets php_admin_value[ffi.enable]=0\n", $pool);
        self::assertStringContainsString('WRONG  ffi.enable is off', $pool);
        self::assertStringContainsString("Remove ffi.enable from the pool's file.", $pool);
        self::assertSame(1, $done->status);

        foreach (['one' => 0, 'off' => 1, 'three' => 1] as $name => $status) {
            $done = self::doctor(["--pool=$name"], self::installedIni(), configuration: $configuration);
            self::assertSame($status, $done->status, $done->out);
        }
        self::assertStringContainsString('WRONG  --pool: php-fpm has no pool three', $done->out);
    }

    public function testPoolMayNameLibrary(): void
    {
        $package = Package::copyWithoutLibrary();
        $library = Package::library(Package::folder());
        $check = static fn (string $file): Process => self::doctor(
            ['--', '-d', 'ffi.enable=1'],
            ['CAPTOKEN_LIB' => $library],
            package: $package,
            configuration: self::configuration(['www' => ['env[CAPTOKEN_LIB]' => $file]]),
        );
        $done = $check($library);
        self::assertStringContainsString("\npool www, which sets env[CAPTOKEN_LIB]=$library\n", $done->out);
        self::assertSame(0, $done->status, $done->out);

        $done = $check('/nowhere/libcaptoken.so.0');
        self::assertStringContainsString('CAPTOKEN_LIB names this file, and no other is tried', $done->out);
        self::assertSame(1, $done->status, $done->out);
    }

    public function testFailedPoolConfigurationIsReported(): void
    {
        $file = TempFolder::file("[www]\nlisten = 9000\n", 'php-fpm.conf');
        $done = self::doctor([], self::installedIni(), configuration: $file);
        if (posix_geteuid() !== 0) {
            self::assertStringContainsString("note   the pools' own settings are not checked", $done->out);
            self::assertSame(0, $done->status, $done->out);
            return;
        }
        self::assertMatchesRegularExpression('/WRONG  php-fpm does not start:\n.*\[pool www\]/', $done->out);
        self::assertSame(1, $done->status, $done->out);
    }

    public function testFfiForAllPassesWithLibrary(): void
    {
        foreach (['1', 'On'] as $on) {
            $done = self::doctor(['--', '-d', "ffi.enable=$on"]);
            self::assertStringContainsString('ffi.enable is on: all PHP code may call C', $done->out);
            self::assertStringContainsString('the package works; the library is version', $done->out);
            self::assertSame(0, $done->status, $done->out);
        }
        // The server does not inherit CAPTOKEN_LIB from the shell.
        $package = Package::copyWithoutLibrary();
        $done = self::doctor(
            ['--', '-d', 'ffi.enable=1'],
            ['CAPTOKEN_LIB' => Package::library(Package::folder())],
            package: $package,
        );
        [$commandLine, $fpm] = explode("\nphp-fpm (", $done->out);
        self::assertStringNotContainsString('WRONG', $commandLine);
        self::assertStringContainsString('WRONG  the C library of captoken cannot be loaded', $fpm);
        self::assertSame(1, $done->status);
    }

    public function testLibraryThatMintsNothingIsReported(): void
    {
        $fake = FakeLibrary::build('-DMINT_STATUS=15');
        $done = self::doctor(['--web'], ['CAPTOKEN_LIB' => $fake]);
        [$commandLine] = explode("\nA web server", $done->out);
        self::assertStringContainsString('WRONG  another status', $commandLine);
    }

    public function testMessagesAreShownDespiteErrorLog(): void
    {
        $log = TempFolder::make() . '/log';
        $ini = TempFolder::file("error_log=$log\ndisplay_errors=0\ndisplay_startup_errors=0\n", 'log.ini');
        $done = self::doctor(
            ['--', '-d', 'ffi.preload=/nowhere/captoken.ffi.h'],
            Ini::with(dirname($ini)),
        );
        self::assertStringContainsString("failed pre-loading '/nowhere/captoken.ffi.h'", $done->out);
    }

    public function testServerExtensionsDecide(): void
    {
        // The command line has only the extension FFI.
        $done = self::doctor([], self::installedIni(), ['-n', '-d', 'extension=ffi']);
        [, $fpm] = explode("\nphp-fpm (", $done->out);
        self::assertStringContainsString('preload.php preloads the package', $fpm);
        self::assertSame(0, $done->status, $done->out);
    }

    public function testPhpFpmOfAnotherVersionIsIgnored(): void
    {
        $folder = TempFolder::make();
        file_put_contents("$folder/php-fpm", "#!/bin/sh\necho 'PHP 5.6.40 (fpm-fcgi)'\n");
        chmod("$folder/php-fpm", 0755);
        $done = self::doctor([], ['PATH' => "$folder:" . getenv('PATH')]);
        self::assertStringNotContainsString("$folder/php-fpm", $done->out);
        self::assertStringContainsString("\nphp-fpm (", $done->out);
    }

    public function testDisabledFunctionIsNamed(): void
    {
        $done = self::doctor([], [], ['-d', 'disable_functions=proc_open']);
        self::assertStringContainsString('php.ini disables proc_open()', $done->err);
        self::assertSame(1, $done->status);
    }

    public function testDisabledFfiClassIsNamed(): void
    {
        $disable = ['-d', 'disable_classes=FFI'];
        $isEnabled = "exit(method_exists('FFI', 'cdef') ? 1 : 0);";
        $status = Process::run([PHP_BINARY, ...$disable, '-r', $isEnabled], Process::environment())->status;
        if ($status !== 0) {
            self::skipAloud('PHP ' . PHP_VERSION . ($status === 1 ? ' cannot disable' : ' crashes without')
                . ' the class FFI');
        }
        $done = self::doctor(['--web'], [], $disable);
        self::assertStringContainsString('the FFI extension is not loaded, or php.ini disables it', $done->out);
        self::assertSame(['', 1], [$done->err, $done->status]);
    }

    public function testMissingHeaderIsOnlyANote(): void
    {
        $done = self::doctor(['--', '-d', 'ffi.preload='], self::installedIni());
        self::assertStringContainsString('ffi.preload is empty', $done->out);
        $write = 'Write: ffi.preload=' . Package::folder() . '/captoken.ffi.h';
        self::assertStringContainsString($write, $done->out);
        self::assertSame(0, $done->status, $done->out);
    }

    /**
     * @dataProvider brokenLibraries
     * @param \Closure(): string $library
     */
    public function testUnloadableLibraryIsNamed(\Closure $library, string $reason, string $help): void
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
            'missing' => [
                static fn (): string => '/nowhere/libcaptoken.so.0',
                'cannot open shared object file',
                'The environment variable CAPTOKEN_LIB names this file, and no other is tried. Correct it.',
            ],
            'a folder' => [
                static fn (): string => TempFolder::make(),
                'Is a directory',
                'CAPTOKEN_LIB must name a file.',
            ],
            'needing a missing library' => [
                static fn (): string => self::needing('libother.so.1'),
                'libother.so.1: cannot open shared object file',
                'The library exists, but one that it needs is missing. Install that one.',
            ],
            'without a function' => [
                static fn (): string => FakeLibrary::build('-Dcap_generate=renamed'),
                "Failed resolving C function 'cap_generate'",
                'Package and library are of different versions.',
            ],
            'not a library' => [
                static fn (): string => TempFolder::file(str_repeat('no library ', 100), 'libcaptoken.so.0'),
                'invalid ELF header',
                'The file is not a library, or was built for another CPU.',
            ],
            'for a newer glibc' => [
                static fn (): string => self::newer(Package::library(Package::folder())),
                'not found',
                'The library was built for a newer C library than this system has.',
            ],
            'for musl' => [
                // The name of the C library in libraries that are built on Alpine.
                static fn (): string => self::needing('libc.musl-x86_64.so.1'),
                'libc.musl-x86_64.so.1: cannot open shared object file',
                'The library was built for another C library: glibc and musl do not mix.',
            ],
            'another version' => [
                static fn (): string => FakeLibrary::build('-DVERSION="1.2.3"'),
                'version 1.2.3, but this package needs version 0.x',
                'Package and library are of different versions.',
            ],
        ];
    }

    public function testCommandLineWithoutFfiEnableIsReported(): void
    {
        $done = self::doctor(['--web'], [], ['-d', 'ffi.enable=0']);
        [$commandLine] = explode("\nA web server", $done->out);
        self::assertStringContainsString('WRONG  ffi.enable is off: no PHP code may call C', $commandLine);
        self::assertStringContainsString('Write: ffi.enable=preload', $commandLine);
        self::assertSame(1, $done->status);
    }

    public function testPhpWithoutFfiIsReported(): void
    {
        $done = self::doctor(['--web'], [], ['-n']);
        [$commandLine] = explode("\nA web server", $done->out);
        self::assertStringContainsString('WRONG  the FFI extension is not loaded', $commandLine);
        self::assertSame(1, $done->status);
    }

    public function testWebServerIsCheckedByItsSettings(): void
    {
        $done = self::doctor(['--web'], self::installedIni());
        self::assertStringContainsString('A web server with the settings of this command', $done->out);
        self::assertStringContainsString('preloads the package', $done->out);
        self::assertSame(0, $done->status, $done->out);

        $done = self::doctor(['--web'], self::installedIni(), ['-d', 'opcache.preload_user=']);
        self::assertStringContainsString('WRONG  opcache.preload_user is empty', $done->out);
        self::assertStringContainsString('Write: opcache.preload_user=www-data', $done->out);
        self::assertSame(1, $done->status, $done->out);
    }

    public function testUninstalledCopyAdvisesInstallation(): void
    {
        $copy = Package::copy();
        unlink("$copy/captoken.ini");
        $done = self::doctor(['--web'], [], [], $copy);
        self::assertStringContainsString('make install-php', $done->out);
        self::assertStringNotContainsString('has these lines', $done->out);
    }

    public function testArgumentsDecideOutputAndExitStatus(): void
    {
        $done = self::doctor(['--help']);
        self::assertStringStartsWith('usage: captoken-doctor', $done->out);
        self::assertSame([0, ''], [$done->status, $done->err]);

        $done = self::doctor(['--nonsense']);
        self::assertStringStartsWith('captoken-doctor: unknown argument: --nonsense', $done->err);
        self::assertSame([2, ''], [$done->status, $done->out]);

        $done = self::doctor(['--fpm=/nowhere/php-fpm']);
        self::assertStringContainsString('WRONG  --fpm: there is no program /nowhere/php-fpm', $done->out);
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
        ?string $configuration = null,
    ): Process {
        $program = ($package ?? Package::folder()) . '/bin/captoken-doctor';
        if (!in_array('--', $arguments, true)) {
            $arguments[] = '--';
        }
        return Process::run(
            [PHP_BINARY, ...$options, $program, ...$arguments, '-y', $configuration ?? self::configuration()],
            $environment + Process::environment(),
        );
    }

    /**
     * Writes a php-fpm.conf, so that the pools of this machine have no effect.
     *
     * @param array<string, array<string, string>> $pools the settings of each, by name
     */
    private static function configuration(array $pools = ['www' => []]): string
    {
        $lines = ['[global]', 'error_log = /dev/null'];
        foreach ($pools as $pool => $settings) {
            $lines[] = "[$pool]";
            $settings += ['user' => 'www-data', 'listen' => "/nowhere/$pool.sock", 'pm' => 'static'];
            foreach ($settings + ['pm.max_children' => '1'] as $name => $value) {
                $lines[] = "$name = $value";
            }
        }
        return TempFolder::file(implode("\n", $lines) . "\n", 'php-fpm.conf');
    }

    /** Copies the package as if it were installed with PHP_USER. */
    private static function packageOfUser(string $user): string
    {
        $copy = Package::copy();
        $ini = file_get_contents("$copy/captoken.ini");
        file_put_contents("$copy/captoken.ini", str_replace('"www-data"', "\"$user\"", $ini));
        return $copy;
    }

    /** @return array<string, string> */
    private static function installedIni(): array
    {
        return Ini::with(Package::folder());
    }

    /** Replaces each line break and indentation by one space. */
    private static function oneLine(string $output): string
    {
        return preg_replace('/\s+/', ' ', $output);
    }

    /** Copies a library so that the copy needs a future glibc. */
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

    /** Compiles a library that needs a missing one. */
    private static function needing(string $name): string
    {
        $other = TempFolder::make() . "/$name";
        $cc = ['cc', '-shared', "-Wl,-soname,$name", '-o', $other, TempFolder::file('', 'empty.c')];
        self::assertSame(0, Process::run($cc, Process::environment())->status);
        $library = FakeLibrary::build('-Wl,--no-as-needed', $other);
        unlink($other);
        return $library;
    }
}
