<?php

declare(strict_types=1);

namespace Captoken\Tests;

/**
 * A real php-fpm, with the settings that its php.ini and conf.d have here, and some more.
 * It ends with stopAll(), and with the process of the tests, however that ends.
 */
final class Fpm
{
    private const SECONDS = 20;

    /** @var resource */
    private $process;

    private ?int $exit = null;

    /** @var list<self> */
    private static array $running = [];

    /** @param string $folder for sockets, logs and settings */
    private function __construct(private readonly string $folder)
    {
    }

    /** Why the tests cannot run php-fpm here, or null. */
    public static function unusable(?bool $asRoot = null): ?string
    {
        return match (true) {
            !extension_loaded('pcntl') || !extension_loaded('posix') => 'this PHP lacks pcntl or posix',
            self::program() === null => 'there is no php-fpm of version ' . PHP_VERSION,
            Process::find('cgi-fcgi') === null => 'there is no cgi-fcgi (package libfcgi-bin)',
            Process::find('setpriv') === null => 'there is no setpriv (package util-linux)',
            $asRoot === true && posix_geteuid() !== 0 => 'php-fpm is to be started by root, and the tests were not',
            posix_geteuid() === 0 && posix_getpwnam('www-data') === false => 'there is no user www-data',
            default => null,
        };
    }

    /**
     * Starts php-fpm, and returns when it serves or has ended.
     *
     * @param string $ini the settings, or the folder of a captoken.ini
     * @param ?bool $asRoot true: root's, with workers of www-data; false: all is www-data's,
     *     or the tests' own user's if that is not root; null: true where that is possible
     * @param array<string, array<string, string>> $pools by name, what is special in each
     */
    public static function start(string $ini, ?bool $asRoot = null, array $pools = ['www' => []]): self
    {
        $fpm = new self(TempFolder::make());
        $root = posix_geteuid() === 0;
        $asRoot ??= $root;
        if ($root && !$asRoot) {
            chown($fpm->folder, 'www-data');
        }
        if (!is_file("$ini/captoken.ini")) {
            mkdir("$fpm->folder/ini");
            file_put_contents("$fpm->folder/ini/test.ini", $ini);
            $ini = "$fpm->folder/ini";
        }
        $config = ['[global]', "error_log = $fpm->folder/log", 'daemonize = no'];
        foreach ($pools as $pool => $special) {
            $settings = $special + ($root && $asRoot ? ['user' => 'www-data', 'group' => 'www-data'] : []) + [
                'listen' => $fpm->socket($pool),
                'listen.mode' => '0666',
                'pm' => 'static',
                'pm.max_children' => '1',
                'catch_workers_output' => 'yes',
            ];
            $config[] = "[$pool]";
            foreach ($settings as $name => $value) {
                $config[] = "$name = $value";
            }
        }
        file_put_contents("$fpm->folder/conf", implode("\n", $config) . "\n");

        // php-fpm is to end when the tests are killed. The first colon stands for conf.d.
        $command = ['setpriv', '--pdeathsig', 'TERM'];
        if ($root && !$asRoot) {
            array_push($command, '--reuid=www-data', '--regid=www-data', '--clear-groups');
        }
        array_push($command, self::program(), '--nodaemonize', '--fpm-config', "$fpm->folder/conf");
        $fpm->run($command, ['PHP_INI_SCAN_DIR' => ":$ini"] + Process::environment());
        return $fpm;
    }

    /** Ends all that run. */
    public static function stopAll(): void
    {
        foreach (self::$running as $fpm) {
            foreach ([SIGTERM, SIGKILL] as $signal) {
                if ($fpm->runs()) {
                    proc_terminate($fpm->process, $signal);
                    $fpm->wait(static fn (): bool => !$fpm->runs());
                }
            }
        }
        self::$running = [];
    }

    public function runs(): bool
    {
        if ($this->exit === null) {
            $status = proc_get_status($this->process);
            if (!$status['running']) {
                $this->exit = $status['exitcode'];
            }
        }
        return $this->exit === null;
    }

    /** The exit status of a php-fpm that has ended. */
    public function exit(): ?int
    {
        return $this->runs() ? null : $this->exit;
    }

    /** All that it has written so far. */
    public function log(): string
    {
        $files = array_filter(["$this->folder/stderr", "$this->folder/log"], is_file(...));
        return implode('', array_map(file_get_contents(...), $files));
    }

    /**
     * Whether this is in the log. What a worker says comes through the master, and may be
     * there later than the answer.
     */
    public function logs(string $pattern): bool
    {
        return $this->wait(fn (): bool => preg_match($pattern, $this->log()) === 1);
    }

    /**
     * What a script prints.
     *
     * @param string $file of the script
     * @param array<string, string> $params besides those that must be
     */
    public function request(string $file, string $pool = 'www', array $params = []): string
    {
        return $this->send($file, $pool, $params)();
    }

    /**
     * Sends a request, and returns what waits for the answer.
     *
     * @param string $file of the script
     * @param array<string, string> $params besides those that must be
     * @return \Closure(): string
     */
    public function send(string $file, string $pool = 'www', array $params = []): \Closure
    {
        // cgi-fcgi sends its environment.
        $answer = Process::start(
            ['cgi-fcgi', '-bind', '-connect', $this->socket($pool)],
            $params + ['SCRIPT_FILENAME' => $file, 'REQUEST_METHOD' => 'GET', 'PATH' => getenv('PATH')],
        );
        return function () use ($answer): string {
            $done = $answer();
            $parts = preg_split('/\r?\n\r?\n/', $done->out, 2);
            if ($done->status !== 0 || count($parts) !== 2) {
                throw new \RuntimeException("no answer: $done->out$done->err\n" . $this->log());
            }
            return $parts[1];
        };
    }

    /**
     * Lets php-fpm start anew, as `systemctl reload` does, and returns when all workers
     * of a pool are new.
     *
     * @param string $pid a script that prints the number of its process, and nothing else
     */
    public function reload(string $pid): void
    {
        $old = $this->request($pid);
        proc_terminate($this->process, SIGUSR2);
        $this->wait(function () use ($pid, $old): bool {
            try {
                return $this->request($pid) !== $old;
            } catch (\RuntimeException) {
                // The old worker went away before it answered.
                return !$this->runs();
            }
        }) || throw new \RuntimeException('php-fpm did not reload: ' . $this->log());
    }

    /**
     * @param list<string> $command
     * @param array<string, string> $environment
     */
    private function run(array $command, array $environment): void
    {
        $stderr = ['file', "$this->folder/stderr", 'a'];
        $this->process = proc_open($command, [['file', '/dev/null', 'r'], $stderr, $stderr], $pipes, '/', $environment);
        if (self::$running === []) {
            register_shutdown_function(self::stopAll(...));
        }
        self::$running[] = $this;
        // Sockets are made after preloading, all at once.
        $sockets = "$this->folder/*.sock";
        $this->wait(fn (): bool => !$this->runs() || (glob($sockets) !== [] && $this->serves()))
            || throw new \RuntimeException('php-fpm does not start: ' . $this->log());
    }

    private function serves(): bool
    {
        return str_contains($this->log(), 'ready to handle connections');
    }

    /** @param callable(): bool $condition */
    private function wait(callable $condition): bool
    {
        $end = microtime(true) + self::SECONDS;
        while (!$condition()) {
            if (microtime(true) > $end) {
                return false;
            }
            usleep(20000);
        }
        return true;
    }

    private function socket(string $pool): string
    {
        return "$this->folder/$pool.sock";
    }

    private static function program(): ?string
    {
        foreach (['php-fpm' . PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION, 'php-fpm'] as $name) {
            $program = Process::find($name);
            if ($program !== null && self::isOfThisVersion($program)) {
                return $program;
            }
        }
        return null;
    }

    private static function isOfThisVersion(string $program): bool
    {
        $version = 'PHP ' . PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION . '.';
        return str_starts_with(Process::run([$program, '-v'], Process::environment())->out, $version);
    }
}
