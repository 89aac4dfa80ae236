<?php

declare(strict_types=1);

namespace Captoken\Tests;

/**
 * A real Apache with mod_php, one worker and the settings of Ini.
 *
 * Root starts it if root runs the tests; its worker is then www-data. Daemon::stopAll() stops it.
 */
final class Apache
{
    private const MODULES = '/usr/lib/apache2/modules';

    private Daemon $daemon;
    private int $port;

    /** @param string $folder for scripts, logs and settings */
    private function __construct(private readonly string $folder)
    {
    }

    /** Returns why the tests cannot run Apache on this system, or null. */
    public static function unusable(): ?string
    {
        return match (true) {
            !extension_loaded('pcntl') || !extension_loaded('posix') => 'this PHP lacks pcntl or posix',
            Process::find('apache2') === null => 'there is no apache2 (package apache2-bin)',
            !is_file(self::module()) => 'there is no ' . self::module() . ' (package libapache2-mod-php)',
            Process::find('setpriv') === null || Process::find('setsid') === null =>
                'there is no setpriv or setsid (package util-linux)',
            posix_geteuid() === 0 && posix_getpwnam('www-data') === false => 'there is no user www-data',
            default => null,
        };
    }

    /**
     * Starts Apache, and returns when it serves.
     *
     * @param string $ini the folder of a captoken.ini
     */
    public static function start(string $ini): self
    {
        $apache = new self(TempFolder::make());
        mkdir("$apache->folder/htdocs");
        // Another program may take the port before Apache does.
        do {
            $apache->listen($ini);
        } while (!$apache->runs() && str_contains($apache->log(), 'Address already in use'));
        if (!$apache->runs()) {
            throw new \RuntimeException('Apache does not start: ' . $apache->log());
        }
        return $apache;
    }

    public function runs(): bool
    {
        return $this->daemon->runs();
    }

    /** Returns the output and the log of the last start. */
    public function log(): string
    {
        return (string) @file_get_contents("$this->folder/log");
    }

    /** Returns the output of a program that uses the package. */
    public function request(string $program): string
    {
        $name = hash('sha256', $program) . '.php';
        file_put_contents("$this->folder/htdocs/$name", $program);
        $context = stream_context_create(['http' => ['timeout' => Daemon::SECONDS, 'ignore_errors' => true]]);
        $answer = @file_get_contents("http://127.0.0.1:$this->port/$name", false, $context);
        return $answer !== false ? $answer : throw new \RuntimeException('no answer: ' . $this->log());
    }

    /** Restarts Apache as `apachectl graceful` does, and waits for a new worker or its end. */
    public function restart(): void
    {
        $old = $this->worker();
        $this->daemon->signal(SIGUSR1);
        Daemon::wait(function () use ($old): bool {
            try {
                return $this->worker() !== $old;
            } catch (\RuntimeException) {
                // The old worker exited before it answered.
                return !$this->runs();
            }
        }) || throw new \RuntimeException('Apache did not restart: ' . $this->log());
    }

    /** Returns the process ID of the worker. */
    private function worker(): string
    {
        return $this->request('<?php echo getmypid();');
    }

    private function listen(string $ini): void
    {
        $socket = stream_socket_server('tcp://127.0.0.1:0');
        $this->port = (int) substr(strrchr(stream_socket_get_name($socket, false), ':'), 1);
        fclose($socket);
        @unlink("$this->folder/log");
        file_put_contents("$this->folder/conf", $this->configuration());
        // Apache signals its process group, which would contain the tests.
        $this->daemon = Daemon::start(
            ['setsid', Process::find('apache2'), '-D', 'FOREGROUND', '-f', "$this->folder/conf"],
            Ini::with($ini) + Process::environment(),
            "$this->folder/log",
        );
        Daemon::wait(fn (): bool => !$this->runs() || str_contains($this->log(), 'resuming normal operations'))
            || throw new \RuntimeException('Apache does not start: ' . $this->log());
    }

    private function configuration(): string
    {
        $modules = self::MODULES;
        $php = self::module();
        $user = posix_geteuid() === 0 ? "User www-data\nGroup www-data" : '';
        return <<<END
            LoadModule mpm_prefork_module $modules/mod_mpm_prefork.so
            LoadModule authz_core_module $modules/mod_authz_core.so
            LoadModule php_module $php
            ServerRoot $this->folder
            DefaultRuntimeDir $this->folder
            PidFile $this->folder/pid
            ErrorLog $this->folder/log
            DocumentRoot $this->folder/htdocs
            ServerName 127.0.0.1
            Listen 127.0.0.1:$this->port
            $user
            StartServers 1
            MaxRequestWorkers 1
            KeepAlive Off
            <FilesMatch \\.php$>
                SetHandler application/x-httpd-php
            </FilesMatch>

            END;
    }

    private static function module(): string
    {
        return self::MODULES . '/libphp' . PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION . '.so';
    }
}
