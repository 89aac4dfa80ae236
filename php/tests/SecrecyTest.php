<?php

declare(strict_types=1);

namespace Captoken\Tests;

use PHPUnit\Framework\TestCase;

/**
 * Tests that PHP shows no secret of an object or of a failure.
 *
 * Secrets are the auth token, the API key secret and the arguments of verify(). Each program
 * runs in a PHP that writes all arguments in full into its traces. It also shows a string
 * that is not secret in the same way, which proves that a secret would be seen.
 */
final class SecrecyTest extends TestCase
{
    private const SECRET = 'this-is-the-secret';

    private const OPTIONS = [
        '-d', 'zend.exception_ignore_args=0',
        '-d', 'zend.exception_string_param_max_len=1000',
        '-d', 'display_errors=1',
        '-d', 'log_errors=0',
    ];

    /**
     * @dataProvider dumps
     */
    public function testDumpsHideTheSecret(string $dump): void
    {
        $out = $this->shown(<<<END
            class Sub extends Capability
            {
                public function __construct()
                {
                    parent::__construct('AC1', SECRET);
                }

                public function __destruct()
                {
                }

                public function vars(): array
                {
                    return get_object_vars(\$this);
                }
            }
            // Returns everything that casts reach, as dumpers without __debugInfo() do.
            function inside(mixed \$value, callable \$cast): mixed
            {
                \$inside = fn (mixed \$value): mixed => inside(\$value, \$cast);
                return match (true) {
                    // A cast wraps a closure in an array, which would never end.
                    \$value instanceof Closure => print_r(\$value, true),
                    \$value instanceof FFI || \$value instanceof FFI\CData => \$value::class,
                    is_object(\$value) => array_map(\$inside, \$cast(\$value)),
                    is_array(\$value) => array_map(\$inside, \$value),
                    default => \$value,
                };
            }
            function show(mixed \$value): void
            {
                $dump
            }
            Capability::configure('AC1', SECRET);
            // These calls may keep data in static properties.
            (new Capability())->generateToken();
            Capability::verify((new Capability())->generateToken(), SECRET);
            show([
                'control' => 'not a secret',
                'given' => (new Capability('AC1', SECRET))->allowClientIncoming('Alice'),
                'subclass' => (new Sub())->allowClientOutgoing('AP1', ['a' => 1]),
                'clone' => clone (new Capability('AC1', SECRET))->setNotBefore(1)->addClaim('a', 1),
                'configured' => new Capability(),
                'access' => Capability::access('AC1', 'SK1', SECRET)->allowClientIncoming('Alice'),
            ]);
            END);
        self::assertStringContainsString('not a secret', $out);
        // The dump reached the last object and did not stop at an error.
        self::assertStringContainsString('access', $out);
    }

    /** @return array<string, array{string}> */
    public static function dumps(): array
    {
        return [
            'var_dump' => ['var_dump($value);'],
            'print_r' => ['print_r($value);'],
            'var_export' => ['var_export($value);'],
            'debug_zval_dump' => ['debug_zval_dump($value);'],
            'settype' => ['foreach ($value as $name => &$v) { settype($v, "array"); } var_dump($value);'],
            'var_export, as an object' => ['var_export((object) $value);'],
            'array_walk' => [
                'foreach ($value as $name => $object) {
                    echo $name;
                    $walked = is_string($object) ? (object) [$object] : $object;
                    array_walk($walked, function ($v, $name) { print_r([$name => $v]); });
                }',
            ],
            'ArrayObject' => [
                'foreach ($value as $name => $v) {
                    print_r([$name, (new ArrayObject((object) $v))->getArrayCopy()]);
                }',
            ],
            'http_build_query' => [
                'echo rawurldecode(http_build_query([$value, "access" => 1], "", "&", PHP_QUERY_RFC3986));',
            ],
            'collections' => [
                '$map = new WeakMap(); $storage = new SplObjectStorage();
                foreach (["given", "subclass", "clone", "configured", "access"] as $name) {
                    $map[$value[$name]] = $value[$name];
                    $storage[$value[$name]] = $value;
                }
                print_r($map); var_dump($map, $storage, SplFixedArray::fromArray(array_values($value)));
                print_r(iterator_to_array(new ArrayIterator($value))); print_r(iterator_to_array($map, false));',
            ],
            'all global variables' => ['$GLOBALS["value"] = $value; print_r($GLOBALS); var_dump($GLOBALS);'],
            'variables at the end' => [
                'register_shutdown_function(function () use ($value) { var_dump(get_defined_vars()); });',
            ],
            'an error handler' => [
                'set_error_handler(function (...$arguments) use ($value) {
                    var_dump($arguments, get_defined_vars(), debug_backtrace());
                    debug_print_backtrace();
                    return false;
                });
                trigger_error("an error"); print_r(error_get_last());',
            ],
            'an exception that refers to the objects' => [
                'try {
                    (function (mixed $value) { throw new ErrorException("an error"); })($value);
                } catch (ErrorException $e) {
                    print_r($e); var_dump($e->getTrace()); echo $e;
                }',
            ],
            'phpinfo' => ['print_r($value); phpinfo();'],
            'json_encode' => ['echo json_encode($value, JSON_THROW_ON_ERROR);'],
            'arrays, print_r' => ['print_r(array_map(fn ($v) => (array) $v, $value));'],
            'arrays, var_dump' => ['var_dump(array_map(fn ($v) => (array) $v, $value));'],
            'arrays, var_export' => ['var_export(array_map(fn ($v) => (array) $v, $value));'],
            'everything that casts reach' => [
                'print_r(inside($value, fn (object $object): array => (array) $object));',
            ],
            'everything that get_mangled_object_vars reaches' => [
                'print_r(inside($value, get_mangled_object_vars(...)));',
            ],
            'the variables of a subclass' => ['print_r($value); var_dump($value["subclass"]->vars());'],
            'foreach' => [
                'print_r($value); foreach ($value as $object) { foreach ((array) $object as $v) { var_dump($v); } }',
            ],
            'serialize' => [
                'print_r($value);
                foreach ($value as $object) {
                    try {
                        echo serialize([$object]);
                    } catch (LogicException $e) {
                        print_r($e->getTrace());
                    }
                }',
            ],
            'reflection' => [
                'print_r($value);
                foreach (["given", "subclass", "clone", "configured", "access"] as $name) {
                    foreach ((new ReflectionClass(Capability::class))->getProperties() as $property) {
                        var_dump($property->getValue($value[$name]));
                    }
                }
                var_dump((new ReflectionClass(Capability::class))->getStaticProperties());',
            ],
            'closures in the scope of the class' => [
                'print_r($value);
                foreach (["given", "subclass", "clone", "configured", "access"] as $name) {
                    $show = fn () => [get_object_vars($this), (array) $this, get_class_vars(self::class)];
                    print_r($inside = Closure::bind($show, $value[$name], Capability::class)());
                    var_dump($inside); var_export($inside);
                }',
            ],
        ];
    }

    /**
     * @dataProvider optimisers
     */
    public function testNoPropertyOrVariableHasTheSecret(string $enabled): void
    {
        $reach = var_export(__DIR__ . '/support/Reach.php', true);
        $out = $this->shown(<<<END
            require $reach;
            Capability::configure('AC1', SECRET);
            \$objects = [
                (new Capability('AC1', SECRET))->allowClientIncoming('Alice'),
                clone new Capability(),
                Capability::access('AC1', 'SK1', SECRET)->addGrant('video', ['room' => 'a']),
            ];
            // A long token takes other functions.
            \$objects[] = (clone \$objects[0])->addClaim('long', str_repeat('x', 5000));
            foreach (\$objects as \$object) {
                try {
                    \$object->generateToken(0);
                } catch (CaptokenException) {
                }
                Capability::verify(\$object->generateToken(), SECRET);
            }
            \$reach = new Captoken\Tests\Reach();
            \$reach->print(\$objects);
            foreach (get_declared_classes() as \$class) {
                if (str_starts_with(\$class, 'Captoken\\\\')) {
                    \$reach->printClass(\$class);
                }
            }
            class Control
            {
                public static mixed \$static;
            }
            Control::\$static = 'in a static property';
            \$variable = 'in a closure';
            \$bound = (fn () => \$this)->bindTo(new class {
                private string \$property = 'in a bound object';
            });
            \$reach->print([\$bound, fn () => \$variable, new ArrayIterator(['in an iterator'])]);
            \$reach->printClass(Control::class);
            echo 'opcache: ', (int) (opcache_get_status(false)['opcache_enabled'] ?? false);
            END, 0, [], ['-d', "opcache.enable_cli=$enabled"]);
        self::assertStringEndsWith("opcache: $enabled", $out);
        foreach (['a static property', 'a closure', 'a bound object', 'an iterator'] as $place) {
            self::assertStringContainsString("\"in $place\"", $out);
        }
        self::assertStringContainsString('Captoken\Internal\Mint', $out);
    }

    /** @return array<string, array{string}> */
    public static function optimisers(): array
    {
        return ['without opcache' => ['0'], 'with opcache' => ['1']];
    }

    public function testDumpShowsEmptyObject(): void
    {
        $out = $this->shown('print_r(new Capability("AC1", SECRET)); var_dump(new Capability("AC1", SECRET));');
        self::assertSame(
            "Captoken\Capability Object\n(\n)\nobject(Captoken\Capability)#N (0) {\n}\n",
            preg_replace('/#\d+/', '#N', $out),
        );
    }

    /**
     * Also checks that the object does not change.
     *
     * @dataProvider serialisations
     */
    public function testObjectCannotBeSerialised(string $copy, string $message): void
    {
        $out = $this->shown(<<<END
            class Sub extends Capability
            {
            }
            \$capability = (new Capability('AC1', SECRET))->allowClientIncoming('Alice');
            \$subclass = (new Sub('AC1', SECRET))->allowClientIncoming('Alice');
            \$access = Capability::access('AC1', 'SK1', SECRET)->allowClientIncoming('Alice');
            \$control = 'not a secret';
            foreach ([\$capability, \$subclass, \$access] as \$object) {
                \$before = \$object->generateTokenAt(0);
                try {
                    $copy;
                    echo "copied\\n";
                } catch (LogicException \$e) {
                    echo \$e->getMessage(), "\\n";
                    fwrite(STDERR, "\$e");
                }
                echo \$object->generateTokenAt(0) === \$before ? "same\\n" : "different\\n";
            }
            END);
        self::assertSame(str_repeat("$message\nsame\n", 3), $out);
    }

    /** @return array<string, array{string, string}> */
    public static function serialisations(): array
    {
        $serialised = 'Captoken\Capability cannot be serialised';
        $unserialised = 'Captoken\Capability cannot be unserialised';
        return [
            'serialize' => ['print_r(serialize([$control, $object]))', $serialised],
            'unserialize' => ['unserialize(\'O:19:"Captoken\Capability":0:{}\')', $unserialised],
            'unserialize with properties' => [
                'unserialize(\'O:19:"Captoken\Capability":1:{s:5:"token";N;}\')',
                $unserialised,
            ],
            'unserialize a subclass' => ['unserialize(\'O:3:"Sub":0:{}\')', $unserialised],
        ];
    }

    /**
     * @dataProvider failures
     */
    public function testTracesHideTheSecret(string $call, string $exception): void
    {
        $out = $this->shown(<<<END
            function control(string \$argument, callable \$call): void
            {
                \$call();
            }
            try {
                control('not a secret', fn () => $call);
            } catch (Throwable \$e) {
                echo \$e::class, "\\n", \$e->getMessage(), "\\n", \$e->getTraceAsString(), "\\n\$e\\n";
                print_r(\$e->getTrace());
                var_dump(\$e->getTrace());
                var_export(array_map(fn (array \$frame) => \$frame['args'], \$e->getTrace()));
                print_r(\$e);
                var_dump(\$e);
            }
            END);
        self::assertStringStartsWith("$exception\n", $out);
        // Every kind of output shows the arguments.
        self::assertGreaterThanOrEqual(7, substr_count($out, 'not a secret'), $out);
    }

    /**
     * @dataProvider failures
     */
    public function testUncaughtExceptionsHideTheSecret(string $call, string $exception): void
    {
        $out = $this->shown(<<<END
            function control(string \$argument, callable \$call): void
            {
                \$call();
            }
            control('not a secret', fn () => $call);
            END, 255);
        self::assertStringContainsString("Uncaught $exception", $out);
        self::assertStringContainsString('not a secret', $out);
    }

    /**
     * @dataProvider failures
     */
    public function testMessagesHideTheSecret(string $call, string $exception): void
    {
        $out = $this->shown(<<<END
            try {
                $call;
            } catch (Throwable \$e) {
                echo \$e::class, ': ', \$e->getMessage(), "\\n";
            }
            END);
        self::assertStringStartsWith("$exception: ", $out);
    }

    /** @return array<string, array{string, string}> */
    public static function failures(): array
    {
        $nul = \InvalidArgumentException::class;
        $refused = \Captoken\CaptokenException::class;
        return [
            'NUL in the token' => ['new Capability("AC1", SECRET . "\0")', $nul],
            'NUL in the SID' => ['new Capability("AC1\0", SECRET)', $nul],
            'token not UTF-8' => ['new Capability("AC1", SECRET . "\xff")', $refused],
            'SID not UTF-8' => ['new Capability("\xff", SECRET)', $refused],
            'empty SID' => ['new Capability("", SECRET)', $refused],
            'no SID' => ['new Capability(null, SECRET)', $refused],
            'named argument' => ['new Capability(authToken: SECRET, accountSid: "")', $refused],
            'configure, NUL in the token' => ['Capability::configure("AC1", SECRET . "\0")', $nul],
            'configure, NUL in the SID' => ['Capability::configure("AC1\0", SECRET)', $nul],
            'configure, token not UTF-8' => ['Capability::configure("AC1", SECRET . "\xff")', $refused],
            'configure, empty SID' => ['Capability::configure("", SECRET)', $refused],
            'configure, no SID' => ['Capability::configure(null, SECRET)', $refused],
            'access, NUL in the secret' => ['Capability::access("AC1", "SK1", SECRET . "\0")', $nul],
            'access, NUL in the account SID' => ['Capability::access("AC1\0", "SK1", SECRET)', $nul],
            'access, NUL in the API key SID' => ['Capability::access("AC1", "SK1\0", SECRET)', $nul],
            'access, secret not UTF-8' => ['Capability::access("AC1", "SK1", SECRET . "\xff")', $refused],
            'access, account SID not UTF-8' => ['Capability::access("\xff", "SK1", SECRET)', $refused],
            'access, empty API key SID' => ['Capability::access("AC1", "", SECRET)', $refused],
            'access, named argument' => [
                'Capability::access(apiKeySecret: SECRET, apiKeySid: "", accountSid: "AC1")',
                $refused,
            ],
            'access, a list as secret' => ['Capability::access("AC1", "SK1", [SECRET])', \TypeError::class],
            'access, a list as account SID' => ['Capability::access([], "SK1", SECRET)', \TypeError::class],
            'access, an abstract class' => ['Unfinished::access("AC1", "SK1", SECRET)', \Error::class],
            'access, the other kind' => ['Capability::access("AC1", "SK1", SECRET)->allowEventStream()', $refused],
            'access, a grant' => ['Capability::access("AC1", "SK1", SECRET)->addGrant("voice", [])', $refused],
            'access, a grant that is a list' => ['Capability::access("AC1", "SK1", SECRET)->addGrant("a", [1])', $nul],
            'a list as token' => ['new Capability("AC1", [SECRET])', \TypeError::class],
            'a list as SID' => ['new Capability([], SECRET)', \TypeError::class],
            'configure, a list as token' => ['Capability::configure("AC1", [SECRET])', \TypeError::class],
            'a method' => [
                '(new Capability("AC1", SECRET))->allowClientIncoming("a b")->generateToken()',
                $nul,
            ],
            'a time to live' => ['(new Capability("AC1", SECRET))->generateToken(0)', $refused],
            'a claim' => [
                '(new Capability("AC1", SECRET))->addClaim("a", new class implements JsonSerializable {
                    public function jsonSerialize(): never
                    {
                        throw new LogicException("thrown by the value");
                    }
                })',
                \LogicException::class,
            ],
            'a claim that is no JSON' => ['(new Capability("AC1", SECRET))->addClaim("a", INF)', \JsonException::class],
            'verify, another secret' => [
                'Capability::verify((new Capability("AC1", "other"))->generateToken(), SECRET)',
                \Captoken\TokenSignatureException::class,
            ],
            'verify, expired' => [
                'Capability::verify((new Capability("AC1", SECRET))->generateTokenAt(0), SECRET)',
                \Captoken\TokenExpiredException::class,
            ],
            'verify, malformed' => ['Capability::verify("", SECRET)', \Captoken\TokenMalformedException::class],
            'verify, named argument' => [
                'Capability::verify(secret: SECRET, token: "")',
                \Captoken\TokenMalformedException::class,
            ],
            // The holder of a token can use it even if this check failed.
            'verify, the token' => ['Capability::verify(SECRET, "other")', \Captoken\TokenMalformedException::class],
            'verify, NUL in the secret' => ['Capability::verify("a.b.c", SECRET . "\0")', $nul],
            'verify, NUL in the token' => [
                'Capability::verify("a.b\0.c", SECRET)',
                \Captoken\TokenMalformedException::class,
            ],
            'verify, secret not UTF-8' => ['Capability::verify("a.b.c", SECRET . "\xff")', $refused],
            'verify, token not UTF-8' => [
                'Capability::verify("\xff", SECRET)',
                \Captoken\TokenMalformedException::class,
            ],
            'verify, before 1970' => ['Capability::verify("a.b.c", SECRET, -1)', $refused],
            'verify, a list as secret' => ['Capability::verify("a.b.c", [SECRET])', \TypeError::class],
            'verify, a list as token' => ['Capability::verify([], SECRET)', \TypeError::class],
        ];
    }

    /** @dataProvider ends */
    public function testSecretOfDestroyedObjectIsReleased(string $end): void
    {
        $out = $this->shown(<<<END
            class Sub extends Capability
            {
                public ?object \$self = null;
            }
            \$property = new ReflectionProperty(Capability::class, 'secret');
            \$c = (new Sub('AC1', SECRET))->allowClientIncoming('Alice')->addClaim('a', 1);
            \$clone = clone \$c;
            \$c->generateToken();
            \$secret = WeakReference::create(\$property->getValue(\$c));
            $end
            var_dump(\$secret->get() === null);
            unset(\$clone);
            var_dump(\$secret->get() === null);
            END);
        self::assertSame("bool(false)\nbool(true)\n", $out);
    }

    /** @return array<string, array{string}> */
    public static function ends(): array
    {
        return [
            'destroyed' => ['$c = null;'],
            'collected as part of a cycle' => ['$c->self = $c; $c = null; gc_collect_cycles();'],
            'constructed again' => ['$c->__construct("AC1", "other");'],
            'constructed again, with configured credentials' => [
                'Capability::configure("AC1", SECRET); $c->__construct();',
            ],
        ];
    }

    public function testClearedConfiguredSecretIsReleased(): void
    {
        $out = $this->shown(<<<'END'
            $configured = new ReflectionProperty(Capability::class, 'configured');
            foreach ([[null, null], ['AC1', 'other']] as $next) {
                Capability::configure('AC1', SECRET);
                $secret = WeakReference::create($configured->getValue()[1]);
                var_dump($secret->get() === null);
                Capability::configure(...$next);
                var_dump($secret->get() === null);
            }
            END);
        self::assertSame(str_repeat("bool(false)\nbool(true)\n", 2), $out);
    }

    public function testCallRefusedByCHidesTheSecret(): void
    {
        $fake = ['CAPTOKEN_LIB' => FakeLibrary::build('-DCHECK_STATUS=14', '-DMINT_STATUS=14')];
        $calls = ['setNotBefore(1)' => 'check', 'addClaim("a", 1)' => 'check', 'generateToken()' => 'token'];
        foreach ($calls as $call => $frame) {
            $statements = "\$c = (new Capability('AC1', SECRET))->allowClientIncoming('Alice'); \$c->$call;";
            $caught = "try { $statements } catch (CaptokenException \$e) { print_r(\$e->getTrace()); var_dump(\$e); }";
            self::assertStringContainsString('Mint', $this->shown($caught, 0, $fake));
            self::assertStringContainsString("Mint::$frame(", $this->shown($statements, 255, $fake));
        }
    }

    public function testMissingLibraryHidesTheSecret(): void
    {
        $calls = [
            'new Capability("AC1", SECRET)',
            'Capability::access("AC1", "SK1", SECRET)',
            'Capability::configure("AC1", SECRET)',
            'Capability::verify("a.b.c", SECRET)',
        ];
        foreach ($calls as $call) {
            $out = $this->shown("$call;", 255, ['CAPTOKEN_LIB' => '/nonexistent/libcaptoken.so.0']);
            self::assertStringContainsString('/nonexistent/libcaptoken.so.0', $out);
            self::assertStringContainsString('#0 ', $out);
        }
    }

    /**
     * Returns the output of a program, after checking that both streams hide the secret.
     *
     * @param array<string, string> $environment
     * @param list<string> $options of php
     */
    private function shown(
        string $statements,
        int $status = 0,
        array $environment = [],
        array $options = [],
    ): string {
        // From the environment: some messages quote the program.
        $program = Php::program(<<<END
            define('SECRET', getenv('SECRET'));
            putenv('SECRET');
            unset(\$_SERVER['SECRET'], \$_ENV['SECRET']);
            abstract class Unfinished extends Capability
            {
            }
            $statements
            END);
        $done = Php::file($program, ['SECRET' => self::SECRET] + $environment, [...self::OPTIONS, ...$options]);
        self::assertStringNotContainsString(self::SECRET, $done->out . $done->err);
        self::assertSame($status, $done->status, $done->out . $done->err);
        return $done->out;
    }
}
