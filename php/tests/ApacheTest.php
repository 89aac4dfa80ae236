<?php

declare(strict_types=1);

namespace Captoken\Tests;

use Captoken\Library;
use PHPUnit\Framework\TestCase;

/** Runs the package under a real Apache with mod_php. */
final class ApacheTest extends TestCase
{
    use SkipsAloud;

    private const MINT = <<<'END'
        echo (new Capability('AC123123', 'secret'))->allowClientIncoming('Alice')->generateTokenAt(1400000000, 600);
        END;

    protected function setUp(): void
    {
        $reason = Apache::unusable();
        if ($reason !== null) {
            self::skipAloud("Apache is not tested: $reason");
        }
    }

    protected function tearDown(): void
    {
        Daemon::stopAll();
    }

    /** The installed version has one more function each time, or one fewer. */
    public function testGracefulRestartRunsInstalledVersion(): void
    {
        $prefix = TempFolder::make();
        $package = Build::real()->install($prefix);
        $apache = Apache::start($package);
        $this->assertServes($apache, $package, Library::version());
        $versions = ['0.98.1' => Build::fake('0.98.1'), '0.98.2' => Build::fake('0.98.2')];
        $served = Library::version();
        foreach ($versions + [Library::version() => Build::real()] as $version => $build) {
            $build->install($prefix);
            $this->assertServes($apache, $package, $served);
            $apache->restart();
            $this->assertServes($apache, $package, $version);
            $served = $version;
        }
    }

    public function testGracefulRestartKeepsMinting(): void
    {
        $apache = Apache::start(Package::folder());
        $this->assertServes($apache, Package::folder(), Library::version());
        for ($i = 0; $i < 3; $i++) {
            $apache->restart();
            $this->assertServes($apache, Package::folder(), Library::version());
        }
    }

    private function assertServes(Apache $apache, string $package, string $version): void
    {
        self::assertTrue($apache->runs(), $apache->log());
        $report = Php::program('echo json_encode([Library::version(), Library::origin()]);', $package);
        self::assertSame([$version, 'ffi.preload'], json_decode($apache->request($report)), $apache->log());
        $answer = $apache->request(Php::program(self::MINT, $package));
        if ($version === Library::version()) {
            self::assertSame('AC123123', Token::read($answer, 'secret')->claims['iss']);
        } else {
            // The fake returns its request.
            self::assertStringContainsString('AC123123', $answer);
        }
    }
}
