<?php

declare(strict_types=1);

namespace Captoken\Tests;

use PHPUnit\Framework\TestCase;

/** Runs make install-php and uninstall-php as a packager does. */
final class InstallTest extends TestCase
{
    private const FILES = [
        'autoload.php',
        'bin/captoken-doctor',
        'captoken.ffi.h',
        'captoken.ini',
        'captoken.ini.dist',
        'composer.json',
        'examples/token.php',
        'lib/LIBRARY',
        'preload.php',
        'src/Capability.php',
        'src/CaptokenException.php',
        'src/Internal/Buffer.php',
        'src/Internal/Doctor/Advice.php',
        'src/Internal/Doctor/Checks.php',
        'src/Internal/Doctor/Command.php',
        'src/Internal/Doctor/PhpFpm.php',
        'src/Internal/Doctor/Pool.php',
        'src/Internal/Doctor/Process.php',
        'src/Internal/Doctor/Report.php',
        'src/Internal/Doctor/Settings.php',
        'src/Internal/Json.php',
        'src/Internal/Mint.php',
        'src/Internal/Opaque.php',
        'src/Internal/Parameters.php',
        'src/Internal/Refusal.php',
        'src/Internal/Strings.php',
        'src/Internal/Verification.php',
        'src/InvalidTokenException.php',
        'src/Library.php',
        'src/TokenAlgorithmException.php',
        'src/TokenExpiredException.php',
        'src/TokenMalformedException.php',
        'src/TokenNotYetValidException.php',
        'src/TokenSignatureException.php',
    ];

    private string $destination;

    protected function setUp(): void
    {
        $this->destination = TempFolder::make() . '/a destination';
    }

    public function testPackageIsCompleteAndNamesItsPrefix(): void
    {
        $this->make('install-php', 'PREFIX=/opt/x~1=a', 'PHP_USER=nginx');
        $package = "$this->destination/opt/x~1=a/share/php/captoken";
        $library = Build::real()->library();
        $files = str_replace('LIBRARY', $library, self::FILES);
        self::assertSame($files, self::files($package));
        self::assertSame(count($files), count(self::files($this->destination)));
        foreach ($files as $file) {
            self::assertSame(0444, fileperms("$package/$file") & 0444, "every user may read $file");
        }
        self::assertTrue(is_executable("$package/bin/captoken-doctor"));

        $header = file("$package/captoken.ffi.h", FILE_IGNORE_NEW_LINES);
        self::assertSame('#define FFI_SCOPE "CAPTOKEN"', $header[0]);
        self::assertSame("#define FFI_LIB \"/opt/x~1=a/share/php/captoken/lib/$library\"", $header[1]);
        self::assertSame(
            [
                'ffi.enable' => 'preload',
                'ffi.preload' => '/opt/x~1=a/share/php/captoken/captoken.ffi.h',
                'opcache.enable' => '1',
                'opcache.preload' => '/opt/x~1=a/share/php/captoken/preload.php',
                'opcache.preload_user' => 'nginx',
            ],
            parse_ini_file("$package/captoken.ini", false, INI_SCANNER_RAW),
        );
    }

    public function testPreloadLoadsEveryClassForApplications(): void
    {
        preg_match_all("~'/(src/.*)'~", file_get_contents(Package::folder() . '/preload.php'), $found);
        self::assertSame(
            array_values(preg_grep('~^src/(?!Internal/Doctor/)~', self::FILES)),
            array_values(array_intersect(self::FILES, $found[1])),
        );
    }

    /** Processes that have read the old header may still open the old library. */
    public function testInstallKeepsLibraryOfPreviousBuildOnly(): void
    {
        $prefix = TempFolder::make();
        $builds = [
            Build::real(),
            Build::fake('0.98.1'),
            Build::fake('0.98.1', '-DMINT_STATUS=1'),
            Build::fake('0.98.2'),
        ];
        $names = array_map(static fn (Build $build): string => $build->library(), $builds);
        self::assertCount(4, array_unique($names));
        self::assertMatchesRegularExpression('/^libcaptoken-0\.98\.1-[0-9a-f]{8}\.so$/', $names[1]);

        // Each step installs a build, and names the builds whose libraries must be there after it.
        foreach ([[0, 0], [0, 0], [1, 0, 1], [1, 0, 1], [2, 1, 2], [1, 1, 2], [3, 1, 3], [3, 1, 3]] as $step) {
            $build = array_shift($step);
            $package = $builds[$build]->install($prefix);
            $expected = array_values(array_intersect_key($names, array_flip($step)));
            sort($expected);
            self::assertSame($expected, self::files("$package/lib"));
            self::assertSame("$package/lib/$names[$build]", Package::library($package));
        }
    }

    public function testLibraryNamedBySonameIsReplaced(): void
    {
        $prefix = TempFolder::make();
        $package = Build::real()->install($prefix);
        $installed = basename(Package::library($package));
        rename(Package::library($package), "$package/lib/libcaptoken.so.0");
        $header = file_get_contents("$package/captoken.ffi.h");
        file_put_contents("$package/captoken.ffi.h", str_replace($installed, 'libcaptoken.so.0', $header));

        Build::real()->install($prefix);
        self::assertSame([$installed, 'libcaptoken.so.0'], self::files("$package/lib"));
        $fake = Build::fake('0.98.1');
        $fake->install($prefix);
        $expected = [$installed, $fake->library()];
        sort($expected);
        self::assertSame($expected, self::files("$package/lib"));
    }

    /** A process that reads or maps an installed file during an upgrade has all of it. */
    public function testUpgradeReplacesFilesOnlyByRename(): void
    {
        $prefix = TempFolder::make();
        $package = Build::real()->install($prefix);
        $watch = new Watch($package, "$package/lib", "$package/src", "$package/src/Internal");
        Build::fake('0.98.1')->install($prefix);
        $events = $watch->events();
        foreach (['captoken.ffi.h', 'captoken.ini', 'preload.php', 'Library.php', 'Mint.php'] as $file) {
            self::assertSame([Watch::RENAMED], $events[$file] ?? null, $file);
        }
        $library = basename(Package::library($package));
        self::assertSame([Watch::RENAMED], $events[$library]);
        // The library is there before the header names it, and the header before the classes.
        $order = array_values(array_intersect(array_keys($events), [$library, 'captoken.ffi.h', 'Library.php']));
        self::assertSame([$library, 'captoken.ffi.h', 'Library.php'], $order);
    }

    public function testUninstallLeavesOnlyFilesOfOthers(): void
    {
        $this->make('install-php', 'PREFIX=/opt');
        $this->make('install-php', 'PREFIX=/opt');
        $package = "$this->destination/opt/share/php/captoken";
        $installed = 'libcaptoken-0.0.9-0123abcd.so';
        $mine = [
            'lib/libcaptoken-0.0.9-debug.so',
            'lib/libcaptoken-mine-0123abcd.so',
            'lib/libcaptoken.so',
            'mine.txt',
        ];
        foreach ([...$mine, "lib/$installed", 'lib/libcaptoken.so.0'] as $file) {
            file_put_contents("$package/$file", 'mine');
        }
        $this->make('uninstall-php', 'PREFIX=/opt');
        self::assertSame($mine, self::files($this->destination . '/opt/share/php/captoken'));

        foreach ($mine as $file) {
            unlink("$package/$file");
        }
        $this->make('uninstall-php', 'PREFIX=/opt');
        self::assertDirectoryDoesNotExist(dirname($package));
        $this->make('uninstall-php', 'PREFIX=/opt');
    }

    public function testInvalidPrefixIsRefused(): void
    {
        foreach (['install-php', 'uninstall-php'] as $target) {
            foreach (['relative', '', '/with space', '/a&b', '/a:b', '/a;b', '/a"b', '/é'] as $prefix) {
                $done = $this->attempt($target, "PREFIX=$prefix");
                self::assertSame(2, $done->status, "$target PREFIX=$prefix");
                self::assertStringContainsString('PREFIX must', $done->err);
            }
        }
        self::assertDirectoryDoesNotExist($this->destination);
    }

    private function make(string $target, string ...$variables): void
    {
        $done = $this->attempt($target, ...$variables);
        self::assertSame(0, $done->status, $done->err);
    }

    /** Runs make without cargo, which root often lacks: it installs the existing build. */
    private function attempt(string $target, string ...$variables): Process
    {
        return Process::run(
            ['make', '--silent', '--no-print-directory', $target, "DESTDIR=$this->destination",
                'CARGO=no-cargo-here', ...$variables],
            Process::environment(),
            Package::ROOT,
        );
    }

    /** @return list<string> every file below a folder, by its relative path */
    private static function files(string $folder): array
    {
        $files = [];
        $all = new \RecursiveIteratorIterator(
            new \RecursiveDirectoryIterator($folder, \FilesystemIterator::SKIP_DOTS),
        );
        foreach ($all as $file) {
            $files[] = substr($file->getPathname(), strlen($folder) + 1);
        }
        sort($files);
        return $files;
    }
}
