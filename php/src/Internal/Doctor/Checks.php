<?php

declare(strict_types=1);

namespace Captoken\Internal\Doctor;

use Captoken\Capability;
use Captoken\CaptokenException;
use Captoken\Library;

/**
 * Checks whether a PHP can use the library, in the order of PHP's own steps.
 *
 * @internal
 */
final class Checks
{
    /**
     * Uses the package and its library in a process that has the server's settings.
     *
     * The argument is autoload.php, or '' if only preloaded classes may call C.
     */
    private const PROBE = <<<'END'
        if (!extension_loaded('ffi')) {
            exit(5);
        }
        if ($argv[1] !== '') {
            require $argv[1];
        } elseif (!extension_loaded('Zend OPcache')) {
            exit(5);
        } elseif (!class_exists('Captoken\Capability', false)) {
            exit(3);
        }
        try {
            $version = Captoken\Library::version();
            $origin = Captoken\Library::origin();
            (new Captoken\Capability('AC123123', 'secret'))->generateToken();
            echo "\nversion $version, from $origin";
        } catch (Captoken\CaptokenException $e) {
            echo $e->getMessage(), "\n";
            exit(4);
        }
        END;

    private Advice $advice;

    /** @param string $package the folder that has autoload.php */
    public function __construct(private readonly string $package, private readonly Report $report)
    {
        $this->advice = new Advice($package);
    }

    /** Checks this process. */
    public function commandLine(): void
    {
        $enable = Settings::ofThisProcess()->ffiEnable();
        if ($enable === null) {
            $this->report->wrong('the FFI extension is not loaded', 'extension=ffi');
            return;
        }
        if ($enable === 'off') {
            $this->report->wrong('ffi.enable is off: no PHP code may call C', 'ffi.enable=preload');
            return;
        }
        $this->report->right("ffi.enable is $enable: the command line may call C");
        try {
            $version = Library::version();
            (new Capability('AC123123', 'secret'))->generateToken();
        } catch (CaptokenException $e) {
            $this->notLoaded($e->getMessage(), (string) getenv('CAPTOKEN_LIB', true) !== '');
            return;
        }
        $origin = Library::origin();
        $this->report->right("the library is version $version, from $origin; it signs tokens");
        $this->reason($origin);
    }

    /** Says why this library was chosen of several. */
    private function reason(string $origin): void
    {
        if ((string) getenv('CAPTOKEN_LIB', true) !== '') {
            $this->report->right('the library was chosen by CAPTOKEN_LIB');
        } elseif ($this->advice->hasPlatforms() && str_starts_with($origin, "$this->package/lib/")) {
            [$machine, , $libc] = explode('-', Library::platform());
            $libc = $libc === 'gnu' ? 'glibc' : $libc;
            $this->report->right("the library was chosen because this PHP runs on $machine with $libc");
        }
    }

    /** Checks a web server other than php-fpm, only by the settings of this process. */
    public function webServer(): void
    {
        $settings = Settings::ofThisProcess();
        if ($settings->values['opcache.preload'] !== '' && $settings->values['opcache.preload_user'] === '') {
            $this->report->wrong(
                'opcache.preload_user is empty: the web server does not start if root starts it',
                $this->advice->preloadUser(),
            );
            return;
        }
        $this->server($settings);
    }

    /**
     * @param list<string> $options
     * @param ?string $pool the name of the only pool to check, or null
     */
    public function phpFpm(string $program, array $options, ?string $pool): void
    {
        if (!is_executable($program)) {
            $this->report->wrong("--fpm: there is no program $program");
            return;
        }
        $tested = PhpFpm::configuration($program, $options);
        $pools = Pool::all($tested->output);
        $this->advice = new Advice($this->package, array_column($pools, 'user'));
        $asked = PhpFpm::information($program, $options);
        $messages = $asked->complaints();
        if ($asked->status !== 0 || $messages !== []) {
            if (preg_match("/FFI: Failed pre-loading '(.+)'/", $asked->output, $found) === 1) {
                $messages[] = $this->loaderMessage($found[1]);
            }
            $messages = $messages === [] ? explode("\n", trim($asked->output)) : $messages;
            $this->report->wrong("php-fpm does not start:\n  " . implode("\n  ", $messages));
            $this->advise(implode("\n", $messages));
            return;
        }
        $settings = Settings::ofPhpFpm($asked->output);
        $this->preloadUser($settings);
        if ($tested->status !== 0) {
            $this->poolsUnknown($tested);
        }
        if ($pool !== null) {
            $pools = array_filter($pools, static fn (Pool $one): bool => $one->name === $pool);
            if ($pools === []) {
                $this->report->wrong("--pool: php-fpm has no pool $pool");
                return;
            }
        }
        $this->pools($settings, $pools);
    }

    /** @param Process $tested the failed `php-fpm -tt` */
    private function poolsUnknown(Process $tested): void
    {
        preg_match_all('/(?:ALERT|ERROR): (.*)/', $tested->output, $found);
        $messages = "\n  " . implode("\n  ", $found[1]);
        if (function_exists('posix_geteuid') && posix_geteuid() === 0) {
            $this->report->wrong("php-fpm does not start:$messages");
        } else {
            $this->report->note("the pools' own settings are not checked, because php-fpm -tt fails:$messages");
            $this->report->help('Run this as root to check them.');
        }
    }

    /**
     * Checks pools with the same settings once.
     *
     * @param array<Pool> $pools empty if they are unknown
     */
    private function pools(Settings $settings, array $pools): void
    {
        $groups = [];
        foreach ($pools as $pool) {
            $groups[serialize($pool->own)][] = $pool;
        }
        if (array_merge(...array_column($pools, 'own')) === []) {
            $this->server($settings);
            return;
        }
        foreach ($groups as $group) {
            $names = implode(', ', array_column($group, 'name'));
            $own = [];
            foreach ($group[0]->own as $name => $value) {
                $own[] = "$name=$value";
            }
            $this->report->title("pool $names" . ($own === [] ? '' : ', which sets ' . implode(' and ', $own)));
            $this->server($settings->withFfiEnable($group[0]->ffiEnable()), $group[0]);
        }
    }

    /** Checks the user that php-fpm itself checks only if root starts it. */
    private function preloadUser(Settings $settings): void
    {
        $user = $settings->values['opcache.preload_user'];
        if (($settings->values['opcache.preload'] ?: '') === '') {
            return;
        }
        if ($user === '') {
            $this->report->note(
                'opcache.preload_user is empty: php-fpm does not start if root starts it',
                $this->advice->preloadUser(),
            );
        } elseif (!Advice::userExists($user)) {
            $this->report->wrong(
                "opcache.preload_user is $user: there is no such user",
                $this->advice->preloadUser(),
            );
        }
    }

    /**
     * Checks the settings of a server, then tries them.
     *
     * @param ?Pool $pool the pool whose own settings these contain
     */
    private function server(Settings $settings, ?Pool $pool = null): void
    {
        $enable = $settings->ffiEnable();
        if ($enable === null) {
            $this->report->wrong('the FFI extension is not loaded', 'extension=ffi');
            return;
        }
        if ($enable === 'off') {
            $off = 'ffi.enable is off: no PHP code may call C';
            if ($pool?->ffiEnable() !== null) {
                $this->report->wrong($off);
                $this->report->help("Remove ffi.enable from the pool's file.");
            } else {
                $this->report->wrong($off, ...$this->advice->iniFile($settings));
            }
            return;
        }
        if ($enable === 'on') {
            $this->report->right('ffi.enable is on: all PHP code may call C (preload is safer)');
            $this->probe($settings, "$this->package/autoload.php", $pool?->library());
            return;
        }
        if ($settings->values['opcache.enable'] === false) {
            $this->report->wrong('opcache is not loaded: PHP cannot preload', 'zend_extension=opcache');
            return;
        }
        if (!filter_var($settings->values['opcache.enable'], FILTER_VALIDATE_BOOL)) {
            $this->report->wrong('opcache.enable is off: PHP cannot preload', 'opcache.enable=1');
            return;
        }
        if ($settings->values['opcache.preload'] === '') {
            $this->report->wrong(
                'opcache.preload is empty: with ffi.enable=preload, only preloaded classes may call C',
                ...$this->advice->iniFile($settings),
            );
            return;
        }
        $this->report->right('ffi.enable is preload: preloaded classes may call C');
        if ($settings->values['ffi.preload'] === '' && !$this->advice->hasPlatforms()) {
            $this->report->note(
                'ffi.preload is empty: each request loads the library again, which takes time',
                "ffi.preload=$this->package/captoken.ffi.h",
            );
        }
        $this->probe($settings, '', $pool?->library());
    }

    /**
     * Uses the package in another process that has the server's settings.
     *
     * @param string $autoload '' if only preloaded classes may call C
     * @param ?string $library the server's CAPTOKEN_LIB
     */
    private function probe(Settings $settings, string $autoload, ?string $library): void
    {
        $options = ['-c', $settings->iniFile === '' ? '/dev/null' : $settings->iniFile];
        $own = ['error_log' => '', 'log_errors' => '1', 'opcache.enable_cli' => '1'];
        foreach ($settings->values + $own as $name => $value) {
            array_push($options, '-d', "$name=\"$value\"");
        }
        $folders = array_unique(array_map(dirname(...), $settings->scannedFiles));
        $probe = Process::run(
            [PHP_BINARY, ...$options, '-r', self::PROBE, '--', $autoload],
            // If this variable is empty, PHP reads the settings of the command line instead.
            ['PHP_INI_SCAN_DIR' => implode(PATH_SEPARATOR, $folders) ?: '/dev/null']
                + ($library === null ? [] : ['CAPTOKEN_LIB' => $library]),
        );
        $preload = $settings->values['opcache.preload'];
        if ($probe->status === 0) {
            // The last line. PHP may print a warning about opcache.preload_user before it.
            $found = substr($probe->output, (int) strrpos($probe->output, "\n") + 1);
            $what = $autoload === '' ? "$preload preloads the package" : 'the package works';
            $this->report->right("$what; the library is $found");
        } elseif ($probe->status === 3 && $probe->complaints() === []) {
            $this->report->wrong(
                "$preload does not preload the package",
                "require_once '$this->package/preload.php';   (in that file)",
            );
        } elseif ($probe->status === 4) {
            $this->notLoaded($probe->output, (string) $library !== '');
        } elseif ($probe->status === 5) {
            $this->report->note('not tested: ' . PHP_BINARY . ' cannot load the extensions of the server');
        } else {
            $messages = $probe->complaints() ?: [trim($probe->output)];
            $this->report->wrong("preloading fails:\n  " . implode("\n  ", $messages));
            $this->advise($probe->output);
        }
    }

    /**
     * @param string $message from Library, with the reasons of the failure
     * @param bool $isChosen whether CAPTOKEN_LIB names the library
     */
    private function notLoaded(string $message, bool $isChosen): void
    {
        // Drops the last line, which refers to this program.
        $this->report->wrong(substr($message, 0, strrpos(rtrim($message), "\n") ?: null));
        $this->advise($message, $isChosen);
    }

    /** Returns the dynamic loader's message for a file that PHP cannot load. */
    private function loaderMessage(string $library): string
    {
        $code = 'require $argv[1];'
            . ' try { Captoken\Library::version(); }'
            . ' catch (Captoken\CaptokenException $e) { echo $e->getMessage(); }';
        $output = Process::run(
            [PHP_BINARY, '-d', 'ffi.preload=', '-r', $code, '--', "$this->package/autoload.php"],
            ['CAPTOKEN_LIB' => $library],
        )->output;
        $reasons = array_filter(
            explode("\n", $output),
            static fn (string $line): bool => str_contains($line, $library),
        );
        return trim(reset($reasons) ?: '');
    }

    private function advise(string $message, bool $isChosen = false): void
    {
        $help = $this->advice->forMessage($message, $isChosen);
        if ($help !== null) {
            $this->report->help($help);
        }
    }
}
