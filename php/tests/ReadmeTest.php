<?php

declare(strict_types=1);

namespace Captoken\Tests;

use PHPUnit\Framework\TestCase;

/** What README says of PHP, as it stands there, for an installation somewhere else. */
final class ReadmeTest extends TestCase
{
    public function testTheQuickStartPrintsAToken(): void
    {
        $done = Php::file(self::block('php'));
        self::assertSame([0, ''], [$done->status, $done->err], $done->out);
        $token = Token::read(rtrim($done->out), 'secret');
        self::assertSame('AC123123', $token->claims['iss']);
        self::assertSame([['Foo', 'Bar']], $token->params());
        self::assertEqualsWithDelta(time() + 600, $token->claims['exp'], 60);
    }

    public function testTheSettingsAreThoseOfTheInstalledFile(): void
    {
        $installed = parse_ini_file(Package::folder() . '/captoken.ini', false, INI_SCANNER_RAW);
        self::assertNotEmpty($installed);
        self::assertSame($installed, parse_ini_string(self::block('ini'), false, INI_SCANNER_RAW));
    }

    public function testComposerInstallsTheFolderAsItSays(): void
    {
        $project = TempFolder::make();
        file_put_contents("$project/composer.json", '{"repositories": {"packagist.org": false}}');
        $commands = self::block('sh', 'composer');
        $environment = ['COMPOSER_HOME' => "$project/home", 'COMPOSER_ALLOW_SUPERUSER' => '1'];
        $done = Process::run(
            ['sh', '-euc', $commands],
            $environment + Process::environment(),
            $project,
        );
        self::assertSame(0, $done->status, $done->out . $done->err);
        $done = Php::file("<?php require '$project/vendor/autoload.php';"
            . " echo (new Captoken\\Capability('AC123123', 'secret'))->generateToken();");
        self::assertSame('AC123123', Token::read($done->out, 'secret')->claims['iss'], $done->err);
    }

    public function testThePathsAreThoseOfAnInstallation(): void
    {
        preg_match_all('~' . preg_quote(Package::folder(), '~') . '[\w./-]*~', self::readme(), $found);
        self::assertContains(Package::folder() . '/bin/captoken-doctor', $found[0]);
        self::assertContains(Package::folder() . '/captoken.ini', $found[0]);
        foreach ($found[0] as $path) {
            self::assertFileExists($path);
        }
    }

    /** The first block in a language, or the first that starts so. */
    private static function block(string $language, string $start = ''): string
    {
        self::assertSame(1, preg_match("/^```$language\n($start.*?)^```/ms", self::readme(), $found));
        return $found[1];
    }

    /** README, as if the package were installed by default where it is. */
    private static function readme(): string
    {
        $readme = file_get_contents(Package::ROOT . '/README.md');
        return str_replace('/usr/local/share/php/captoken', Package::folder(), $readme);
    }
}
