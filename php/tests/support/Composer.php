<?php

declare(strict_types=1);

namespace Captoken\Tests;

/** Runs Composer without network and without the user's settings. */
final class Composer
{
    /** Runs commands of the shell in a new project, and returns its folder. */
    public static function project(string $commands): string
    {
        $project = TempFolder::make();
        $home = dirname(TempFolder::file('{"repositories": {"packagist.org": false}}', 'config.json'));
        $environment = ['COMPOSER_HOME' => $home, 'COMPOSER_ALLOW_SUPERUSER' => '1'];
        $done = Process::run(['sh', '-euc', $commands], $environment + Process::environment(), $project);
        if ($done->status !== 0) {
            throw new \RuntimeException($done->out . $done->err);
        }
        return $project;
    }
}
