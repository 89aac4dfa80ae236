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
        'lib/libcaptoken.so.0',
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
        self::assertSame(self::FILES, self::files($package));
        self::assertSame(count(self::FILES), count(self::files($this->destination)));
        foreach (self::FILES as $file) {
            self::assertSame(0444, fileperms("$package/$file") & 0444, "every user may read $file");
        }
        self::assertTrue(is_executable("$package/bin/captoken-doctor"));

        $header = file("$package/captoken.ffi.h", FILE_IGNORE_NEW_LINES);
        self::assertSame('#define FFI_SCOPE "CAPTOKEN"', $header[0]);
        self::assertSame('#define FFI_LIB "/opt/x~1=a/share/php/captoken/lib/libcaptoken.so.0"', $header[1]);
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

    public function testUninstallLeavesOnlyFilesOfOthers(): void
    {
        $this->make('install-php', 'PREFIX=/opt');
        $this->make('install-php', 'PREFIX=/opt');
        $package = "$this->destination/opt/share/php/captoken";
        file_put_contents("$package/mine.txt", 'mine');
        $this->make('uninstall-php', 'PREFIX=/opt');
        self::assertSame(['mine.txt'], self::files($this->destination . '/opt/share/php/captoken'));

        unlink("$package/mine.txt");
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
