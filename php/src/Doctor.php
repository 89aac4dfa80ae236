<?php

declare(strict_types=1);

namespace Captoken;

/**
 * What bin/captoken-doctor does: it looks at everything that lets PHP use the library,
 * says what is wrong, and what to write.
 *
 * @internal
 */
final class Doctor
{
    private const USAGE = <<<'END'
        usage: captoken-doctor [--fpm=PROGRAM] [-- OPTIONS OF PHP-FPM]
               captoken-doctor --web

        Says whether this PHP, and php-fpm of the same version, can use captoken; and if
        not, which setting is wrong and what to write.

          --fpm=PROGRAM  the php-fpm to ask, where it is not found by itself
          --             what follows is given to php-fpm, as in: -- -c /etc/php.ini
          --web          no php-fpm: say what a web server would do with the settings of
                         this command, as in:
                         PHP_INI_SCAN_DIR=/etc/php/8.2/apache2/conf.d captoken-doctor --web

        Exit status: 0 all is well, 1 something is wrong, 2 the command line is.

        END;

    /** The settings that decide. */
    private const SETTINGS = [
        'ffi.enable',
        'ffi.preload',
        'opcache.enable',
        'opcache.preload',
        'opcache.preload_user',
    ];

    /**
     * Run as php-fpm would run it: is the package there, and its library? The argument is
     * autoload.php, or '' where only what is preloaded may call C.
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

    private const TO_WRITE = 'To write: ';

    private bool $well = true;

    /** @var list<string> what the server has read besides php.ini */
    private array $scanned = [];

    /** Where it looks for those. */
    private string $folder = '';

    private function __construct(private readonly string $package)
    {
    }

    /**
     * @param list<string> $arguments
     * @return int the exit status
     */
    public static function main(array $arguments): int
    {
        $fpm = null;
        $web = false;
        $options = [];
        while ($arguments !== []) {
            $argument = array_shift($arguments);
            if ($argument === '--help' || $argument === '-h') {
                echo self::USAGE;
                return 0;
            } elseif ($argument === '--web') {
                $web = true;
            } elseif (str_starts_with($argument, '--fpm=')) {
                $fpm = substr($argument, strlen('--fpm='));
            } elseif ($argument === '--') {
                $options = $arguments;
                $arguments = [];
            } else {
                fwrite(STDERR, "captoken-doctor: what is $argument?\n\n" . self::USAGE);
                return 2;
            }
        }

        if (!function_exists('proc_open') || !function_exists('getenv')) {
            fwrite(STDERR, "captoken-doctor: php.ini disables proc_open() or getenv() (disable_functions)\n");
            return 1;
        }
        $doctor = new self(dirname(__DIR__));
        $doctor->commandLine();
        $fpm ??= self::findFpm();
        if ($web || $fpm === null) {
            $doctor->title('A web server with the settings of this command');
            $doctor->web();
        } else {
            $doctor->title("php-fpm ($fpm)");
            $doctor->fpm($fpm, $options);
        }
        echo $doctor->well
            ? "\nAll is well. A server that was started before its settings were written needs a restart;\n"
                . "`php -S` needs -d ffi.enable=1.\n"
            : "\nSomething is wrong. After a change, restart the server.\n";
        return $doctor->well ? 0 : 1;
    }

    /** What this very process can do. */
    private function commandLine(): void
    {
        $this->title('PHP ' . PHP_VERSION . ' on the command line (' . PHP_BINARY . ')');
        if (!extension_loaded('ffi')) {
            $this->wrong('the extension FFI is not loaded', 'extension=ffi');
            return;
        }
        $enable = self::ffiEnable(ini_get('ffi.enable'));
        if ($enable === 'off') {
            $this->wrong('ffi.enable is off: nothing may call C', 'ffi.enable=preload');
            return;
        }
        $this->right("ffi.enable is $enable: the command line may call C");
        try {
            $version = Library::version();
            (new Capability('AC123123', 'secret'))->generateToken();
        } catch (CaptokenException $e) {
            $this->library($e->getMessage());
            return;
        }
        $this->right("the library is version $version, from " . Library::origin() . '; it signs tokens');
    }

    /** A web server other than php-fpm, which cannot be asked itself. */
    private function web(): void
    {
        $settings = [];
        foreach (self::SETTINGS as $name) {
            $settings[$name] = ini_get($name);
        }
        if ($settings['opcache.preload'] !== '' && $settings['opcache.preload_user'] === '') {
            $this->wrong(
                'opcache.preload_user is empty: the web server does not start if root starts it',
                $this->preloadUser(),
            );
            return;
        }
        $this->scanned = self::files((string) php_ini_scanned_files());
        $this->server($settings, (string) php_ini_loaded_file());
    }

    /**
     * php-fpm as it starts: it executes the preloading, and says why that failed.
     *
     * @param list<string> $options
     */
    private function fpm(string $program, array $options): void
    {
        if (!is_executable($program)) {
            $this->wrong("there is no program $program");
            return;
        }
        // What it says is to be printed, whatever php.ini does with it.
        $print = ['-d', 'error_log=', '-d', 'log_errors=1', '-d', 'display_startup_errors=1'];
        [$status, $output] = self::run([$program, ...$options, ...$print, '-i']);
        $messages = self::complaints($output);
        if ($status !== 0 || $messages !== []) {
            if (preg_match("/FFI: Failed pre-loading '(.+)'/", $output, $found) === 1) {
                $messages[] = $this->whyNot($found[1]);
            }
            $messages = $messages === [] ? explode("\n", trim($output)) : $messages;
            $this->wrong("it does not start:\n  " . implode("\n  ", $messages));
            $this->advise(implode("\n", $messages));
            return;
        }

        $settings = [];
        foreach (self::SETTINGS as $name) {
            $line = '/^' . preg_quote($name, '/') . ' => .* => (?:no value|(.*))$/m';
            $settings[$name] = preg_match($line, $output, $found) === 1 ? $found[1] ?? '' : false;
        }
        $info = static function (string $name) use ($output): string {
            preg_match("/^$name => (.*?)$(?!\n\/)/ms", $output, $found);
            return ($found[1] ?? '(none)') === '(none)' ? '' : $found[1];
        };
        $this->scanned = self::files($info('Additional \.ini files parsed'));
        $this->folder = $info('Scan this dir for additional \.ini files');
        $this->startedByRoot($settings);
        $this->server($settings, $info('Loaded Configuration File'));
    }

    /**
     * What php-fpm would say of these settings if root asked, who starts it as a rule.
     *
     * @param array<string, string|false> $settings
     */
    private function startedByRoot(array $settings): void
    {
        $user = $settings['opcache.preload_user'];
        if (($settings['opcache.preload'] ?: '') === '') {
            return;
        }
        if ($user === '') {
            $this->note('opcache.preload_user is empty: php-fpm does not start if root starts it');
            $this->write($this->preloadUser());
        } elseif (function_exists('posix_getpwnam') && posix_getpwnam($user) === false) {
            $this->wrong("opcache.preload_user is $user, who does not exist", $this->preloadUser());
        }
    }

    /**
     * What PHP in a web server does with these settings; false stands for one that no
     * loaded extension knows.
     *
     * @param array<string, string|false> $settings
     * @param string $file its php.ini, or ''
     */
    private function server(array $settings, string $file): void
    {
        if ($settings['ffi.enable'] === false) {
            $this->wrong('the extension FFI is not loaded', 'extension=ffi');
            return;
        }
        $enable = self::ffiEnable($settings['ffi.enable']);
        if ($enable === 'off') {
            $this->wrong('ffi.enable is off: nothing may call C', ...$this->iniFile());
            return;
        }
        if ($enable === 'on') {
            $this->right('ffi.enable is on: all PHP code may call C (preload is safer)');
            $this->probe($settings, $file, "$this->package/autoload.php");
            return;
        }
        if ($settings['opcache.enable'] === false) {
            $this->wrong('opcache is not loaded: PHP cannot preload', 'zend_extension=opcache');
            return;
        }
        if (!filter_var($settings['opcache.enable'], FILTER_VALIDATE_BOOL)) {
            $this->wrong('opcache.enable is off: PHP cannot preload', 'opcache.enable=1');
            return;
        }
        if ($settings['opcache.preload'] === '') {
            $this->wrong(
                'opcache.preload is empty: as ffi.enable is preload, only preloaded classes may call C',
                ...$this->iniFile(),
            );
            return;
        }
        $this->right('ffi.enable is preload: preloaded classes may call C');
        if ($settings['ffi.preload'] === '') {
            $this->note('ffi.preload is empty: each request loads the library anew, which takes time');
            $this->write("ffi.preload=$this->package/captoken.ffi.h");
        }
        $this->probe($settings, $file, '');
    }

    /**
     * Uses the package in another process that has the server's settings.
     *
     * @param array<string, string|false> $settings
     * @param string $file its php.ini, or ''
     * @param string $autoload '' where only what is preloaded may call C
     */
    private function probe(array $settings, string $file, string $autoload): void
    {
        $folders = array_unique(array_map(dirname(...), $this->scanned));
        $command = [PHP_BINARY, '-c', $file === '' ? '/dev/null' : $file];
        foreach ($settings + ['error_log' => '', 'log_errors' => '1', 'opcache.enable_cli' => '1'] as $name => $value) {
            array_push($command, '-d', "$name=\"$value\"");
        }
        [$status, $output] = self::run(
            [...$command, '-r', self::PROBE, '--', $autoload],
            // An empty value would not arrive, and stand for the command line's own folder.
            ['PHP_INI_SCAN_DIR' => implode(PATH_SEPARATOR, $folders) ?: '/dev/null'],
        );
        $preload = $settings['opcache.preload'];
        if ($status === 0) {
            // Before the last line, PHP may say that only root changes the user.
            $library = substr($output, (int) strrpos($output, "\n") + 1);
            $what = $autoload === '' ? "$preload preloads the package" : 'the package works';
            $this->right("$what; the library is $library");
        } elseif ($status === 3 && self::complaints($output) === []) {
            $this->wrong(
                "$preload does not preload the package",
                "require_once '$this->package/preload.php';   (in that file)",
            );
        } elseif ($status === 4) {
            $this->library($output);
        } elseif ($status === 5) {
            $this->note(PHP_BINARY . ' cannot load the extensions of the server: not tried');
        } else {
            $this->wrong("preloading fails:\n  " . implode("\n  ", self::complaints($output) ?: [trim($output)]));
            $this->advise($output);
        }
    }

    /** Why the library cannot be loaded, and what may help. */
    private function library(string $message): void
    {
        // Its last line is about this program.
        $this->wrong(substr($message, 0, strrpos(rtrim($message), "\n") ?: null));
        $this->advise($message);
    }

    /** What the dynamic loader says of a file that PHP could not load. */
    private function whyNot(string $library): string
    {
        $code = 'require $argv[1];'
            . ' try { Captoken\Library::version(); }'
            . ' catch (Captoken\CaptokenException $e) { echo $e->getMessage(); }';
        [, $output] = self::run(
            [PHP_BINARY, '-d', 'ffi.preload=', '-r', $code, '--', "$this->package/autoload.php"],
            ['CAPTOKEN_LIB' => $library],
        );
        $reasons = array_filter(
            explode("\n", $output),
            static fn (string $line): bool => str_contains($line, $library),
        );
        return trim(reset($reasons) ?: '');
    }

    /** What helps where PHP, or the dynamic loader, has said what is wrong. */
    private function advise(string $message): void
    {
        $header = "ffi.preload=$this->package/captoken.ffi.h";
        $library = "$this->package/lib/" . Library::SONAME;
        $build = 'Build it on this system: make && make install-php';
        $advice = [
            '/"opcache.preload_user" has not been defined|Preloading failed to getpwnam/' =>
                self::TO_WRITE . $this->preloadUser(),
            '/FFI::load\(\) doesn\'t work in conjunction/' =>
                self::TO_WRITE . "$header   ; and no FFI::load() in the preload script",
            '/failed pre-loading \'.*\', file doesn\'t exist/' =>
                self::TO_WRITE . $header,
            '/FFI Parser/' =>
                self::TO_WRITE . "$header   ; captoken.h is for C alone",
            '/Failed opening required/' =>
                self::TO_WRITE . "opcache.preload=$this->package/preload.php   ; the workers' user must"
                . ' be able to read it',
            '/cannot resolve C function|Failed resolving C function|while this package needs/' =>
                'Package and library are of different versions. Install both: make install-php',
            '/Permission denied/' =>
                'This user may not read the file, or enter a folder above it.',
            '/Is a directory/' =>
                'CAPTOKEN_LIB must name a file.',
            '/GLIBC_[0-9.]+\' not found/' =>
                "The library was built for a newer C library than this system has.\n$build",
            '/ld-musl|libc\.musl|ld-linux|Error relocating/' =>
                "The library was built for another C library: glibc and musl do not mix.\n$build",
            '/wrong ELF class|invalid ELF header|file too short/' =>
                "The file is no library, or one for another processor.\n$build",
            '/\S: \S+: cannot open shared object file/' =>
                'The library is there, and another that it needs is not.',
            '/FFI: Failed pre-loading/' => is_file($library)
                ? self::TO_WRITE . "#define FFI_LIB \"$library\"   (in the file of ffi.preload)"
                : 'The library is not there. Install it: make install-php',
            '/cannot open shared object file/' => getenv('CAPTOKEN_LIB', true)
                ? 'CAPTOKEN_LIB, an environment variable, names it, and nothing else is tried. Correct it.'
                : "The library is not there. Install it: make install-php. If it is somewhere else,\n"
                . "CAPTOKEN_LIB can name it: an environment variable, env[CAPTOKEN_LIB] in a pool's file.",
        ];
        foreach ($advice as $pattern => $help) {
            if (preg_match($pattern, $message) === 1) {
                echo '         ', self::indent($help), "\n";
                return;
            }
        }
    }

    /**
     * What to write where the settings of captoken.ini are not in force.
     *
     * @return list<string>
     */
    private function iniFile(): array
    {
        $ini = "$this->package/captoken.ini";
        $lines = [];
        foreach ($this->installedIni() as $name => $value) {
            $lines[] = "$name=$value";
        }
        if ($lines === []) {
            return ['what `make install-php` puts into share/php/captoken/captoken.ini'];
        }
        $lines[] = match (true) {
            in_array(realpath($ini), array_map(realpath(...), $this->scanned), true) =>
                "$ini was read; an option, or a file read after it, says otherwise.",
            is_dir($this->folder) => "That is: ln -s $ini $this->folder/99-captoken.ini",
            default => "These lines are in $ini.",
        };
        return $lines;
    }

    /** @return array<string, string> empty where the package is not an installed one */
    private function installedIni(): array
    {
        return @parse_ini_file("$this->package/captoken.ini", false, INI_SCANNER_RAW) ?: [];
    }

    private function preloadUser(): string
    {
        $user = $this->installedIni()['opcache.preload_user'] ?? 'www-data';
        return "opcache.preload_user=$user   ; the user of the workers";
    }

    /**
     * The names in a list as PHP prints it, with commas and line breaks.
     *
     * @return list<string>
     */
    private static function files(string $list): array
    {
        return preg_split('/,?\s*\n|,\s*$/', trim($list), -1, PREG_SPLIT_NO_EMPTY);
    }

    private function title(string $title): void
    {
        echo "\n$title\n";
    }

    private function right(string $finding): void
    {
        echo '  ok     ', self::indent($finding), "\n";
    }

    private function note(string $finding): void
    {
        echo '  note   ', self::indent($finding), "\n";
    }

    private function wrong(string $finding, string ...$lines): void
    {
        $this->well = false;
        echo '  WRONG  ', self::indent($finding), "\n";
        $this->write(...$lines);
    }

    private function write(string ...$lines): void
    {
        if ($lines !== []) {
            $indent = "\n" . str_repeat(' ', strlen(self::TO_WRITE));
            echo '         ', self::indent(self::TO_WRITE . implode($indent, $lines)), "\n";
        }
    }

    private static function indent(string $text): string
    {
        return str_replace("\n", "\n         ", $text);
    }

    private static function ffiEnable(string $value): string
    {
        return match (true) {
            strtolower($value) === 'preload' => 'preload',
            filter_var($value, FILTER_VALIDATE_BOOL) => 'on',
            default => 'off',
        };
    }

    /**
     * What PHP says when it does not start, or cannot preload.
     *
     * @return list<string>
     */
    private static function complaints(string $output): array
    {
        preg_match_all(
            '/(?:Fatal Error|Fatal error:|Warning: +(?:FFI:?|failed pre-loading)) +(.*)/',
            $output,
            $found,
        );
        return $found[0];
    }

    /** php-fpm of this PHP's version, where distributions put it. */
    private static function findFpm(): ?string
    {
        $version = PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION;
        $folders = explode(PATH_SEPARATOR, (string) getenv('PATH'));
        foreach (["php-fpm$version", 'php-fpm'] as $name) {
            foreach ([...$folders, '/usr/sbin', '/usr/local/sbin', dirname(PHP_BINDIR) . '/sbin'] as $folder) {
                $program = "$folder/$name";
                // Silently, as open_basedir may forbid the question.
                if (@is_file($program) && @is_executable($program)) {
                    // Without settings, as with wrong ones it does not even say this.
                    [, $output] = self::run([$program, '-n', '-v']);
                    if (str_starts_with($output, "PHP $version.")) {
                        return $program;
                    }
                }
            }
        }
        return null;
    }

    /**
     * Runs a program, in which no library is chosen by what the shell has set.
     *
     * @param list<string> $command
     * @param array<string, string> $environment what is set besides
     * @return array{int, string} the exit status, and what was printed on both streams
     */
    private static function run(array $command, array $environment = []): array
    {
        $inherited = array_diff_key(getenv(), ['CAPTOKEN_LIB' => '', 'LD_LIBRARY_PATH' => '']);
        $process = proc_open(
            $command,
            [['file', '/dev/null', 'r'], ['pipe', 'w'], ['redirect', 1]],
            $pipes,
            null,
            $environment + $inherited,
        );
        if ($process === false) {
            return [127, "$command[0]: cannot be run"];
        }
        $output = (string) stream_get_contents($pipes[1]);
        return [proc_close($process), $output];
    }
}
