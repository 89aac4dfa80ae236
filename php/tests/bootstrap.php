<?php

// Installs the package once, as users do, so that all tests run against an installation.
// CAPTOKEN_PHP_DIR names the folder of another installation to test instead.

declare(strict_types=1);

namespace Captoken\Tests;

foreach (glob(__DIR__ . '/support/*.php') as $file) {
    require_once $file;
}

// The tests load the installed library, not one that the developer's shell names.
putenv('CAPTOKEN_LIB');

require Package::folder() . '/autoload.php';
