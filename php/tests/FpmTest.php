<?php

declare(strict_types=1);

namespace Captoken\Tests;

use Captoken\Library;
use PHPUnit\Framework\TestCase;

/**
 * Runs the package under a real php-fpm.
 *
 * Tests which settings work, which messages the others give, and that no request sees the
 * credentials of another.
 */
final class FpmTest extends TestCase
{
    use SkipsAloud;

    private const MINT = <<<'END'
        try {
            echo (new Capability('AC123123', 'secret'))->allowClientIncoming('Alice')
                ->allowClientOutgoing('AP123123', ['Foo' => 'Bar'])->generateTokenAt(1400000000, 600);
        } catch (CaptokenException $e) {
            echo $e->getCode(), ' ', $e->getMessage();
        }
        END;

    /** Calls the other methods, and verifies the token before and after its expiry. */
    private const VERIFY = <<<'END'
        foreach (['Malformed', 'Algorithm', 'Signature', 'Expired', 'NotYetValid'] as $finding) {
            echo class_exists("Captoken\\Token{$finding}Exception", false) ? 'preloaded ' : 'not preloaded ';
        }
        $token = (new Capability('AC123123', 'secret'))->allowEventStream(['a' => ['b', 1]])->setClientName('Alice')
            ->addClaim('find', ['me' => 1.0])->setNotBefore(1)->generateTokenAt(1400000000, 600);
        Capability::checkClientName('Alice');
        echo json_encode(Capability::verify($token, 'secret', 1400000000)), ' ';
        try {
            Capability::verify($token, 'secret');
        } catch (Captoken\TokenExpiredException $e) {
            echo $e->getCode(), ' ', $e->getMessage();
        }
        END;

    /** Mints and verifies an access token. */
    private const ACCESS = <<<'END'
        $token = Capability::access('AC123123', 'SK123123', 'key-secret')->allowClientIncoming('Alice')
            ->allowClientOutgoing('AP123123', ['Foo' => 'Bar'])->setClientName('alice@example.com')
            ->setRegion('ie1')->setPushCredential('CR1')->addGrant('video', ['room' => 'a'])
            ->generateTokenAt(1400000000, 600);
        echo json_encode(Capability::verify($token, 'key-secret', 1400000000)['grants']), ' ', $token;
        END;

    /** Calls C without the package, as an application might. */
    private const OWN = <<<'END'
        $calls = [
            'cdef' => fn () => FFI::cdef('int getpid(void);')->getpid(),
            'scope' => fn () => FFI::scope('CAPTOKEN')->cap_version(),
            'load' => fn () => FFI::load(getenv('HEADER'))->cap_version(),
        ];
        foreach ($calls as $name => $call) {
            try {
                $call();
                echo "$name allowed\n";
            } catch (FFI\Exception $e) {
                echo "$name {$e->getMessage()}\n";
            }
        }
        END;

    private const REFUSED = 'FFI API is restricted by "ffi.enable" configuration directive';

    /** Uses the configured credentials, although there are none. */
    private const DEFAULT = <<<'END'
        try {
            new Capability();
            echo getmypid(), ' there are credentials';
        } catch (CaptokenException $e) {
            echo getmypid(), ' ', $e->getCode();
        }
        END;

    /** Mints with the credentials of the pool's environment, if it has any. */
    private const POOL = <<<'END'
        try {
            if (getenv('TWILIO_ACCOUNT_SID') !== false) {
                Capability::configure(getenv('TWILIO_ACCOUNT_SID'), getenv('TWILIO_AUTH_TOKEN'));
            }
            echo (new Capability())->generateTokenAt(0);
        } catch (CaptokenException $e) {
            echo $e->getCode();
        }
        END;

    protected function tearDown(): void
    {
        Daemon::stopAll();
    }

    // Settings that work.

    public function testIniUnderRootEnablesOnlyPackage(): void
    {
        $this->need(asRoot: true);
        $this->assertIniWorksAndOnlyForThePackage(Fpm::start(
            Package::folder(),
            asRoot: true,
            pools: ['www' => ['env[HEADER]' => Package::folder() . '/captoken.ffi.h']],
        ));
    }

    public function testIniUnderAnotherUserEnablesOnlyPackage(): void
    {
        $this->need(asRoot: false);
        self::assertStringContainsString(
            "\nopcache.preload_user=\"www-data\"\n",
            file_get_contents(Package::folder() . '/captoken.ini'),
        );
        $this->assertIniWorksAndOnlyForThePackage(Fpm::start(
            Package::folder(),
            asRoot: false,
            pools: ['www' => ['env[HEADER]' => Package::folder() . '/captoken.ffi.h']],
        ));
    }

    private function assertIniWorksAndOnlyForThePackage(Fpm $fpm): void
    {
        $this->assertServes($fpm);
        $this->assertMints($fpm);
        $this->assertVerifies($fpm, 'preloaded');
        $this->assertMintsAccessTokens($fpm);
        self::assertSame(
            [Library::version(), 'ffi.preload'],
            json_decode($fpm->request(self::script('echo json_encode([Library::version(), Library::origin()]);'))),
        );
        self::assertSame(
            'cdef ' . self::REFUSED . "\nscope " . self::REFUSED . "\nload " . self::REFUSED . "\n",
            $fpm->request(self::script(self::OWN)),
        );
    }

    public function testLoadingPreloadScriptWorksWithoutRoot(): void
    {
        $this->need(asRoot: false);
        $fpm = Fpm::start(
            self::ini(['ffi.enable' => 'preload', 'opcache.preload' => self::loadingScript()]),
            asRoot: false,
        );
        $this->assertServes($fpm);
        $this->assertMints($fpm);
        self::assertSame('ffi.preload', $fpm->request(self::script('echo Library::origin();')));
    }

    public function testFfiForAllWorksWithoutPreloading(): void
    {
        $this->need();
        $fpm = Fpm::start(
            self::ini(['ffi.enable' => '1']),
            pools: ['www' => ['env[HEADER]' => Package::folder() . '/captoken.ffi.h']],
        );
        $this->assertServes($fpm);
        $this->assertMints($fpm);
        $this->assertVerifies($fpm, 'not preloaded');
        $this->assertMintsAccessTokens($fpm);
        self::assertSame(
            "cdef allowed\nscope Failed loading scope 'CAPTOKEN'\nload allowed\n",
            $fpm->request(self::script(self::OWN)),
        );
        self::assertSame(
            Package::library(Package::folder()),
            $fpm->request(self::script('echo Library::origin();')),
        );
    }

    /** PHP cannot preload the header of such a package, which names no file. */
    public function testPackageForSeveralPlatformsNeedsOnlyTheLinesOfTheDoctor(): void
    {
        $this->need();
        $package = Package::composed();
        $doctor = [PHP_BINARY, "$package/bin/captoken-doctor", '--web'];
        $before = Process::run($doctor, Process::environment());
        self::assertSame(1, $before->status, $before->out);
        preg_match_all('/^ *(?:Write: )?((?:ffi|opcache)\.\S+=\S+)/m', $before->out, $lines);
        $ini = implode("\n", $lines[1]) . "\n";
        $fpm = Fpm::start($ini, pools: ['www' => ['env[HEADER]' => Package::folder() . '/captoken.ffi.h']]);
        $this->assertServes($fpm);
        $this->assertMints($fpm, $package);
        $origin = $fpm->request(self::script('echo Library::origin();', $package));
        self::assertSame("$package/lib/" . Library::platform() . '/' . Library::SONAME, $origin);
        self::assertStringNotContainsString('allowed', $fpm->request(self::script(self::OWN, $package)));

        file_put_contents(($folder = TempFolder::make()) . '/lines.ini', $ini);
        $after = Process::run($doctor, Ini::with($folder) + Process::environment());
        self::assertSame(0, $after->status, $after->out);
        self::assertStringNotContainsString('note', $after->out);
    }

    /** The doctor reports what these pools can do. */
    public function testPoolDecidesWhetherFfiIsEnabled(): void
    {
        $this->need();
        $fpm = Fpm::start(self::ini([]), pools: ['www' => ['php_admin_value[ffi.enable]' => '1']]);
        $this->assertServes($fpm);
        $this->assertMints($fpm);
        Daemon::stopAll();

        $fpm = Fpm::start(Package::folder(), pools: [
            'www' => ['php_admin_flag[opcache.enable]' => 'off'],
            'off' => ['php_admin_flag[ffi.enable]' => 'off'],
        ]);
        $this->assertServes($fpm);
        $this->assertMints($fpm);
        self::assertStringStartsWith('-1 ', $fpm->request(self::script(self::MINT), 'off'));
    }

    public function testPoolMayChooseLibraryButRequestCannot(): void
    {
        $this->need();
        $fake = FakeLibrary::build('-DVERSION="0.98.7"');
        $fpm = Fpm::start(
            self::ini(['ffi.enable' => '1']),
            pools: ['www' => [], 'other' => ['env[CAPTOKEN_LIB]' => $fake]],
        );
        $this->assertServes($fpm);
        $version = self::script('echo Library::version(), getenv("CAPTOKEN_LIB") === false ? "" : " set";');
        self::assertSame('0.98.7 set', $fpm->request($version, 'other'));
        $params = ['CAPTOKEN_LIB' => $fake];
        self::assertSame(Library::version() . ' set', $fpm->request($version, 'www', $params));
        self::assertSame(Library::version(), $fpm->request($version));
    }

    public function testExampleAnswersByEnvironmentOfPool(): void
    {
        $this->need();
        // A setting of php-fpm cannot be empty.
        $possible = static fn (array $case): bool => !in_array('', $case[0], true);
        $complete = array_filter(Example::complete(), $possible);
        $incomplete = array_filter(Example::incomplete(), $possible);
        $pools = [];
        foreach ($complete + $incomplete as $pool => [$environment]) {
            $pools[$pool] = [];
            foreach ($environment as $name => $value) {
                $pools[$pool]["env[$name]"] = $value;
            }
        }
        $fpm = Fpm::start(Package::folder(), pools: $pools);
        $this->assertServes($fpm);
        $answer = static fn (string $pool): string => $fpm->request(
            Package::folder() . '/examples/token.php',
            $pool,
            ['QUERY_STRING' => 'client=Alice', 'HTTP_HOST' => 'localhost'],
        );
        foreach ($complete as $pool => [, $isAccess, $secret]) {
            $answered = json_decode($answer($pool), true, 512, JSON_THROW_ON_ERROR);
            self::assertSame('Alice', $answered['identity'], $pool);
            Example::assertIsFor('Alice', $answered['token'], $isAccess, $secret);
        }
        foreach ($incomplete as $pool => [, $missing]) {
            self::assertSame("{\"error\":\"the server is not set up\"}\n", $answer($pool), $pool);
            $pattern = "/pool $pool\].*token\.php: missing environment variables: $missing\"?$/m";
            self::assertTrue($fpm->logs($pattern), $fpm->log());
        }
        self::assertStringNotContainsString('auth-token', $fpm->log());
        self::assertStringNotContainsString('key-secret', $fpm->log());
    }

    public function testExampleChecksRequestAsUnderBuiltInServer(): void
    {
        $this->need();
        $environment = ['TOKEN_HOSTS' => 'example.com'] + Example::CAPABILITY;
        $pool = [];
        foreach ($environment as $name => $value) {
            $pool["env[$name]"] = $value;
        }
        $fpm = Fpm::start(Package::folder(), pools: ['www' => $pool]);
        $this->assertServes($fpm);
        $usual = ['QUERY_STRING' => 'client=Alice', 'HTTP_HOST' => 'example.com:8443', 'REQUEST_URI' => '/any?x'];
        foreach (
            [
                ['identity', []],
                ['this host is not in TOKEN_HOSTS', ['HTTP_HOST' => 'localhost']],
                // No header can change the settings.
                ['this host is not in TOKEN_HOSTS', ['HTTP_HOST' => 'evil', 'HTTP_TOKEN_HOSTS' => 'evil']],
                ['send one Host header', ['HTTP_HOST' => '']],
                ['not found', ['PATH_INFO' => '/x']],
                ['send no body', ['CONTENT_LENGTH' => '5']],
                ['client is given more than once', ['QUERY_STRING' => 'client=Alice&client=Bob']],
            ] as [$expected, $params]
        ) {
            $answered = $fpm->request(Package::folder() . '/examples/token.php', 'www', $params + $usual);
            self::assertStringContainsString($expected, $answered);
        }
    }

    // Messages for settings that do not work.

    public function testFfiPreloadWithoutPreloadedClassesIsRefused(): void
    {
        $this->need();
        $fpm = Fpm::start(self::ini([
            'ffi.enable' => 'preload',
            'ffi.preload' => Package::folder() . '/captoken.ffi.h',
        ]));
        $this->assertServes($fpm);
        $this->assertRefusesWithAHint($fpm);
    }

    public function testFfiEnablePreloadWithoutPreloadIsRefused(): void
    {
        $this->need();
        $fpm = Fpm::start(
            self::ini(['ffi.enable' => 'preload']),
            pools: ['www' => ['env[HEADER]' => Package::folder() . '/captoken.ffi.h']],
        );
        $this->assertServes($fpm);
        $this->assertRefusesWithAHint($fpm);
        self::assertSame(
            'cdef ' . self::REFUSED . "\nscope " . self::REFUSED . "\nload " . self::REFUSED . "\n",
            $fpm->request(self::script(self::OWN)),
        );
    }

    private function assertRefusesWithAHint(Fpm $fpm): void
    {
        $mint = self::script(self::MINT);
        for ($i = 0; $i < 3; $i++) {
            self::assertSame(
                "-1 the C library of captoken cannot be loaded:\n  " . self::REFUSED . "\n"
                    . 'run ' . Package::folder() . '/bin/captoken-doctor to see what to change',
                $fpm->request($mint),
            );
        }
    }

    public function testLoadingPreloadScriptFailsUnderRoot(): void
    {
        $this->need(asRoot: true);
        $this->assertDies(
            "FFI::load() doesn't work in conjunction with \"opcache.preload_user\"",
            self::ini([
                'ffi.enable' => 'preload',
                'opcache.preload' => self::loadingScript(),
                'opcache.preload_user' => 'www-data',
            ]),
        );
    }

    public function testMissingPreloadUserFailsUnderRoot(): void
    {
        $this->need(asRoot: true);
        $ini = file_get_contents(Package::folder() . '/captoken.ini');
        $without = preg_replace('/^opcache.preload_user=.*$/m', '', $ini, -1, $count);
        self::assertSame(1, $count);
        $this->assertDies('"opcache.preload_user"', $without);
    }

    public function testMissingHeaderPreventsStart(): void
    {
        $this->need();
        $package = Package::copy();
        unlink("$package/captoken.ffi.h");
        $this->assertDies("$package/captoken.ffi.h", $package);
    }

    public function testMissingLibraryPreventsStart(): void
    {
        $this->need();
        $package = Package::copy();
        unlink(Package::library($package));
        $this->assertDies(Package::library($package), $package);
    }

    private function assertDies(string $message, string $ini): void
    {
        $fpm = Fpm::start($ini);
        self::assertFalse($fpm->runs(), $fpm->log());
        self::assertNotSame(0, $fpm->exit());
        self::assertStringContainsString($message, $fpm->log());
    }

    // Nothing passes from one request or pool to another.

    public function testConcurrentPoolsMintUnderTheirAccounts(): void
    {
        $this->need();
        $fpm = Fpm::start(Package::folder(), pools: [
            'one' => ['env[TWILIO_ACCOUNT_SID]' => 'ACone', 'env[TWILIO_AUTH_TOKEN]' => 'secret-one'],
            'two' => [
                'env[TWILIO_ACCOUNT_SID]' => 'ACtwo',
                'env[TWILIO_AUTH_TOKEN]' => 'secret-two',
                'pm.max_children' => '3',
            ],
            'none' => [],
        ]);
        $this->assertServes($fpm);
        $script = self::script(self::POOL);
        for ($round = 0; $round < 4; $round++) {
            $answers = [];
            for ($i = 0; $i < 5; $i++) {
                foreach (['one', 'two', 'none'] as $pool) {
                    $answers[] = [$pool, $fpm->send($script, $pool)];
                }
            }
            foreach ($answers as [$pool, $answer]) {
                if ($pool === 'none') {
                    self::assertSame('7', $answer());
                } else {
                    self::assertSame("AC$pool", Token::read($answer(), "secret-$pool")->claims['iss']);
                }
            }
        }
    }

    /**
     * @dataProvider endsOfARequest
     */
    public function testRequestLeavesNoCredentialsToTheNext(string $end, string $output, string $logged): void
    {
        $this->need();
        $fpm = Fpm::start(Package::folder());
        $this->assertServes($fpm);
        $default = self::script(self::DEFAULT);
        $configuring = self::script(<<<END
            Capability::configure('ACleft', 'left');
            \$capability = new Capability();
            echo getmypid(), str_starts_with(\$capability->generateTokenAt(0), 'eyJ') ? ' minted ' : '';
            // PHP discards unsent output when memory runs out.
            ob_end_flush();
            flush();
            $end
            END);
        $pid = explode(' ', $fpm->request($default))[0];
        for ($i = 0; $i < 3; $i++) {
            $answer = $fpm->request($configuring);
            self::assertMatchesRegularExpression("/\\A$pid minted $output\z/", $answer, $fpm->log());
            // The same process: only it could keep credentials.
            self::assertSame("$pid 7", $fpm->request($default), $fpm->log());
        }
        self::assertTrue($fpm->logs('/' . preg_quote($logged, '/') . '/'), $fpm->log());
    }

    /** @return array<string, array{string, string, string}> */
    public static function endsOfARequest(): array
    {
        return [
            'the end of the script' => ['echo "end";', 'end', ''],
            'exit' => ['echo "end"; exit(1);', 'end', ''],
            'exit in a function' => ['(function () { $c = new Capability(); exit("end"); })();', 'end', ''],
            'an exception' => ['throw new LogicException("thrown on purpose");', '', 'thrown on purpose'],
            'out of memory' => ['ini_set("memory_limit", "4M"); str_repeat("x", 1 << 24);', '', 'Allowed memory'],
            'out of time' => ['set_time_limit(1); while (true) { }', '', 'Maximum execution time'],
            'a fatal error' => ['eval("class Again { } class Again { }");', '', 'declare class Again'],
            'a destructor that configures' => [
                // Runs after the destructors of the package's objects.
                'class Late
                {
                    public static ?self $self = null;

                    public function __destruct()
                    {
                        Capability::configure("AClate", "late");
                        echo "end";
                    }
                }
                Late::$self = new Late();',
                'end',
                '',
            ],
            'a shutdown function' => [
                'register_shutdown_function(function () {
                    Capability::configure("AClate", "late");
                    echo "end";
                });',
                'end',
                '',
            ],
            'an output handler' => [
                'ob_start(function (string $output): string {
                    Capability::configure("AClate", "late");
                    return $output . "end";
                });',
                'end',
                '',
            ],
        ];
    }

    // Reloads and many requests.

    public function testReloadKeepsMinting(): void
    {
        $this->need();
        $fpm = Fpm::start(Package::folder());
        $this->assertServes($fpm);
        $pid = self::script('echo getmypid();');
        $pids = [$fpm->request($pid)];
        for ($i = 0; $i < 2; $i++) {
            $this->assertMints($fpm);
            $fpm->reload($pid);
            $this->assertServes($fpm);
            $pids[] = $fpm->request($pid);
        }
        $this->assertMints($fpm);
        self::assertCount(3, array_unique($pids));
    }

    public function testReloadUnderAnotherUserKeepsMinting(): void
    {
        $this->need(asRoot: false);
        $fpm = Fpm::start(Package::folder(), asRoot: false);
        $this->assertServes($fpm);
        $fpm->reload(self::script('echo getmypid();'));
        $this->assertServes($fpm);
        $this->assertMints($fpm);
    }

    /**
     * The old processes keep the old library until the reload.
     *
     * The installed version has one more function each time, or one fewer.
     */
    public function testReloadRunsInstalledVersion(): void
    {
        $this->need();
        $prefix = TempFolder::make();
        $package = Build::real()->install($prefix);
        $fpm = Fpm::start($package);
        $pid = self::script('echo getmypid();', $package);
        $this->assertServesVersion(Library::version(), $fpm, $package);
        $builds = ['0.98.1' => Build::fake('0.98.1'), '0.98.2' => Build::fake('0.98.2')];
        $served = Library::version();
        foreach ($builds + [Library::version() => Build::real()] as $version => $build) {
            $build->install($prefix);
            $this->assertServesVersion($served, $fpm, $package);
            $fpm->reload($pid);
            $this->assertServesVersion($version, $fpm, $package);
            $served = $version;
        }
    }

    /** Each request loads the library. */
    public function testInstalledVersionServesImmediatelyWithoutPreloading(): void
    {
        $this->need();
        $prefix = TempFolder::make();
        $package = Build::real()->install($prefix);
        $fpm = Fpm::start(self::ini(['ffi.enable' => '1']));
        $pid = $fpm->request(self::script('echo getmypid();', $package));
        $this->assertServesVersion(Library::version(), $fpm, $package);
        Build::fake('0.98.1')->install($prefix);
        $this->assertServesVersion('0.98.1', $fpm, $package);
        Build::real()->install($prefix);
        $this->assertServesVersion(Library::version(), $fpm, $package);
        self::assertSame($pid, $fpm->request(self::script('echo getmypid();', $package)));
    }

    private function assertServesVersion(string $version, Fpm $fpm, string $package): void
    {
        $this->assertServes($fpm);
        $report = self::script('echo Library::version();', $package);
        self::assertSame($version, $fpm->request($report), $fpm->log());
        if ($version === Library::version()) {
            $this->assertMints($fpm, $package);
        }
    }

    public function testTwoHundredRequestsTakeNoMemory(): void
    {
        $this->need();
        $fpm = Fpm::start(Package::folder());
        $this->assertServes($fpm);
        $script = self::script(<<<'END'
            Capability::configure('AC123123', 'secret');
            for ($i = 0; $i < 100; $i++) {
                $capability = new Capability();
                $capability->allowClientIncoming('Alice')->allowClientOutgoing('AP1', ['n' => $i])->generateToken();
            }
            $kept[] = $capability;
            $kept[] = &$kept;
            echo getmypid(), ' ', (int) explode(' ', file_get_contents('/proc/self/statm'))[1] * 4096;
            END);
        for ($i = 0; $i < 20; $i++) {
            [$pid, $warm] = explode(' ', $fpm->request($script));
        }
        for ($i = 0; $i < 200; $i++) {
            [$samePid, $end] = explode(' ', $fpm->request($script));
            self::assertSame($pid, $samePid);
        }
        self::assertLessThan(256 * 1024, (int) $end - (int) $warm);
    }

    private function need(?bool $asRoot = null): void
    {
        $reason = Fpm::unusable($asRoot);
        if ($reason !== null) {
            self::skipAloud("php-fpm is not tested: $reason");
        }
    }

    private function assertServes(Fpm $fpm): void
    {
        self::assertTrue($fpm->runs(), $fpm->log());
    }

    private function assertMints(Fpm $fpm, ?string $package = null): void
    {
        // opcache serves the second request.
        $script = self::script(self::MINT, $package);
        for ($i = 0; $i < 2; $i++) {
            $answer = $fpm->request($script);
            self::assertStringStartsWith('eyJ', $answer, $fpm->log());
            $token = Token::read($answer, 'secret');
            self::assertSame('AC123123', $token->claims['iss']);
            self::assertSame(1400000600, $token->claims['exp']);
            self::assertSame([['Foo', 'Bar']], $token->params());
        }
    }

    private function assertVerifies(Fpm $fpm, string $classes): void
    {
        $scope = 'scope:stream:subscribe?path=%2F2010-04-01%2FEvents&params=a%3Db%26a%3D1';
        $claims = ['find' => ['me' => 1.0], 'scope' => $scope, 'iss' => 'AC123123', 'exp' => 1400000600, 'nbf' => 1];
        $expected = str_repeat("$classes ", 5) . json_encode($claims) . ' 19 the token has expired';
        $script = self::script(self::VERIFY);
        for ($i = 0; $i < 2; $i++) {
            self::assertSame($expected, $fpm->request($script), $fpm->log());
        }
    }

    private function assertMintsAccessTokens(Fpm $fpm): void
    {
        $grants = [
            'identity' => 'alice@example.com',
            'voice' => [
                'incoming' => ['allow' => true],
                'outgoing' => ['application_sid' => 'AP123123', 'params' => ['Foo' => 'Bar']],
                'push_credential_sid' => 'CR1',
            ],
            'video' => ['room' => 'a'],
        ];
        $script = self::script(self::ACCESS);
        for ($i = 0; $i < 2; $i++) {
            $answer = $fpm->request($script);
            self::assertStringStartsWith(json_encode($grants) . ' eyJ', $answer, $fpm->log());
            $token = Token::read(explode(' ', $answer)[1], 'key-secret');
            self::assertSame('ie1', $token->header['twr']);
            self::assertSame(
                ['jti' => 'SK123123-1400000000', 'iss' => 'SK123123', 'sub' => 'AC123123', 'exp' => 1400000600]
                    + ['grants' => $grants],
                $token->claims,
            );
        }
    }

    /** Writes a script that uses the package, and returns its file. */
    private static function script(string $statements, ?string $package = null): string
    {
        return TempFolder::file(Php::program($statements, $package));
    }

    /** Writes a script for opcache.preload that needs no ffi.preload. */
    private static function loadingScript(): string
    {
        $folder = var_export(Package::folder(), true);
        return TempFolder::file(<<<END
            <?php

            FFI::load($folder . '/captoken.ffi.h');
            require $folder . '/preload.php';
            END);
    }

    /** @param array<string, string> $settings */
    private static function ini(array $settings): string
    {
        $lines = ['opcache.enable=1'];
        foreach ($settings as $name => $value) {
            $lines[] = "$name=$value";
        }
        return implode("\n", $lines) . "\n";
    }
}
