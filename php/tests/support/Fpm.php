<?php

declare(strict_types=1);

namespace Captoken\Tests;

/** A real php-fpm, with the settings of Ini and some more. Daemon::stopAll() stops it. */
final class Fpm
{
    private Daemon $daemon;

    /** @param string $folder for sockets, logs and settings */
    private function __construct(private readonly string $folder)
    {
    }

    /** Returns why the tests cannot run php-fpm on this system, or null. */
    public static function unusable(?bool $asRoot = null): ?string
    {
        return match (true) {
            !extension_loaded('pcntl') || !extension_loaded('posix') => 'this PHP lacks pcntl or posix',
            self::program() === null => 'there is no php-fpm of version ' . PHP_VERSION,
            Process::find('cgi-fcgi') === null => 'there is no cgi-fcgi (package libfcgi-bin)',
            Process::find('setpriv') === null => 'there is no setpriv (package util-linux)',
            $asRoot === true && posix_geteuid() !== 0 => 'root must start php-fpm, and did not start the tests',
            posix_geteuid() === 0 && posix_getpwnam('www-data') === false => 'there is no user www-data',
            default => null,
        };
    }

    /**
     * Starts php-fpm, and returns when it serves or has exited.
     *
     * @param string $ini the settings, or the folder of a captoken.ini
     * @param ?bool $asRoot true: root starts it, with workers of www-data; false: www-data
     *     starts it, or the user of the tests if that is not root; null: true if possible
     * @param array<string, array<string, string>> $pools the special settings of each, by name
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

        $fpm->daemon = Daemon::start(
            [self::program(), '--nodaemonize', '--fpm-config', "$fpm->folder/conf"],
            Ini::with($ini) + Process::environment(),
            "$fpm->folder/stderr",
            $root && !$asRoot ? ['--reuid=www-data', '--regid=www-data', '--clear-groups'] : [],
        );
        // php-fpm creates all sockets together, after preloading.
        $sockets = "$fpm->folder/*.sock";
        Daemon::wait(fn (): bool => !$fpm->runs() || (glob($sockets) !== [] && $fpm->serves()))
            || throw new \RuntimeException('php-fpm does not start: ' . $fpm->log());
        return $fpm;
    }

    public function runs(): bool
    {
        return $this->daemon->runs();
    }

    /** Returns the exit status, or null while php-fpm runs. */
    public function exit(): ?int
    {
        return $this->daemon->exit();
    }

    /** Returns the output and the log so far. */
    public function log(): string
    {
        $files = array_filter(["$this->folder/stderr", "$this->folder/log"], is_file(...));
        return implode('', array_map(file_get_contents(...), $files));
    }

    /**
     * Waits until the log matches a pattern, and returns whether it does.
     *
     * The master writes the messages of workers, perhaps later than the answer.
     */
    public function logs(string $pattern): bool
    {
        return Daemon::wait(fn (): bool => preg_match($pattern, $this->log()) === 1);
    }

    /**
     * Returns the output of a script.
     *
     * @param string $file of the script
     * @param array<string, string> $params added to the required ones
     */
    public function request(string $file, string $pool = 'www', array $params = []): string
    {
        return $this->send($file, $pool, $params)();
    }

    /**
     * Sends a request, and returns a function that waits for the answer.
     *
     * @param string $file of the script
     * @param array<string, string> $params added to the required ones
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
     * Reloads php-fpm as `systemctl reload` does, and waits for a new worker.
     *
     * @param string $pid a script that prints only its process ID
     */
    public function reload(string $pid): void
    {
        $old = $this->request($pid);
        $this->daemon->signal(SIGUSR2);
        Daemon::wait(function () use ($pid, $old): bool {
            try {
                return $this->request($pid) !== $old;
            } catch (\RuntimeException) {
                // The old worker exited before it answered.
                return !$this->runs();
            }
        }) || throw new \RuntimeException('php-fpm did not reload: ' . $this->log());
    }

    private function serves(): bool
    {
        return str_contains($this->log(), 'ready to handle connections');
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
