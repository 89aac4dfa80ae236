<?php

declare(strict_types=1);

namespace Captoken\Tests;

use PHPUnit\Framework\TestCase;

/** Runs the PHP blocks of the documents, with the paths of the package under test. */
final class ReadmeTest extends TestCase
{
    private const GUIDE = 'docs/php.md';

    /** @dataProvider quickStarts */
    public function testQuickStartPrintsAToken(string $document): void
    {
        $token = self::mintedBy((new Document($document))->block('php', '<?php'));
        self::assertSame([['Foo', 'Bar']], $token->params());
    }

    /** @return iterable<array{string}> */
    public static function quickStarts(): iterable
    {
        yield ['README.md'];
        yield [self::GUIDE];
    }

    public function testAliasReplacesTheImport(): void
    {
        $guide = new Document(self::GUIDE);
        $import = "use Captoken\\Capability as Services_Twilio_Capability;\n";
        [, $program] = explode($import, $guide->block('php', '<?php'));
        $done = Php::file("<?php\n" . $guide->block('php', 'require') . $program);
        self::assertSame([0, ''], [$done->status, $done->err], $done->out);
        self::assertSame('AC123123', Token::read(rtrim($done->out), 'secret')->claims['iss']);
    }

    public function testPackageReadmePrintsAToken(): void
    {
        self::mintedBy((new Document('php/README.md'))->block('php'));
    }

    /** Runs a program that prints a token for AC123123 which lives for 600 seconds. */
    private static function mintedBy(string $program): Token
    {
        $before = time();
        $done = Php::file($program);
        self::assertSame([0, ''], [$done->status, $done->err], $done->out);
        $token = Token::read(rtrim($done->out), 'secret');
        self::assertSame('AC123123', $token->claims['iss']);
        self::assertGreaterThanOrEqual($before + 600, $token->claims['exp']);
        self::assertLessThanOrEqual(time() + 600, $token->claims['exp']);
        return $token;
    }

    public function testDocumentedSettingsEqualInstalledIni(): void
    {
        $installed = parse_ini_file(Package::folder() . '/captoken.ini', false, INI_SCANNER_RAW);
        self::assertNotEmpty($installed);
        $documented = (new Document(self::GUIDE))->block('ini');
        self::assertSame($installed, parse_ini_string($documented, false, INI_SCANNER_RAW));
    }

    public function testComposerInstallsIntoAnEmptyFolder(): void
    {
        $guide = new Document(self::GUIDE);
        $commands = $guide->block('sh', 'composer init') . $guide->block('sh', 'composer config');
        $project = Composer::project($commands);
        $done = Php::file("<?php require '$project/vendor/autoload.php';"
            . " echo (new Captoken\\Capability('AC123123', 'secret'))->generateToken();");
        self::assertSame('AC123123', Token::read($done->out, 'secret')->claims['iss'], $done->err);
    }

    public function testDocumentedPathsExistAfterInstallation(): void
    {
        $guide = (new Document(self::GUIDE))->content;
        preg_match_all('~' . preg_quote(Package::folder(), '~') . '[\w./-]*~', $guide, $found);
        self::assertContains(Package::folder() . '/bin/captoken-doctor', $found[0]);
        self::assertContains(Package::folder() . '/captoken.ini', $found[0]);
        foreach ($found[0] as $path) {
            self::assertFileExists($path);
        }
    }
}
