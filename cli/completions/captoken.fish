# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_captoken_global_optspecs
    string join \n h/help V/version
end

function __fish_captoken_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_captoken_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_captoken_using_subcommand
    set -l cmd (__fish_captoken_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c captoken -n "__fish_captoken_needs_command" -s h -l help -d 'Print help'
complete -c captoken -n "__fish_captoken_needs_command" -s V -l version -d 'Print version'
complete -c captoken -n "__fish_captoken_needs_command" -f -a "inspect" -d 'Show the contents of a token, without verifying it'
complete -c captoken -n "__fish_captoken_needs_command" -f -a "verify" -d 'Verify a token\'s signature and validity, and show its contents'
complete -c captoken -n "__fish_captoken_needs_command" -f -a "mint" -d 'Print a signed token'
complete -c captoken -n "__fish_captoken_using_subcommand inspect" -l now -d 'Time instead of the clock\'s, in seconds since 1970 UTC' -r
complete -c captoken -n "__fish_captoken_using_subcommand inspect" -l json -d 'Print one JSON object, also on failure; after a usage error, nothing'
complete -c captoken -n "__fish_captoken_using_subcommand inspect" -l quiet -d 'Print no warnings; --json still lists them'
complete -c captoken -n "__fish_captoken_using_subcommand inspect" -s h -l help -d 'Print help'
complete -c captoken -n "__fish_captoken_using_subcommand verify" -l now -d 'Time instead of the clock\'s, in seconds since 1970 UTC' -r
complete -c captoken -n "__fish_captoken_using_subcommand verify" -l leeway -d 'Difference of clocks to accept, at most a day' -r
complete -c captoken -n "__fish_captoken_using_subcommand verify" -l auth-token-file -d 'File with the auth token; - is standard input; a final line break is dropped' -r -F
complete -c captoken -n "__fish_captoken_using_subcommand verify" -l api-key-secret-file -d 'The same for the secret of the API key' -r -F
complete -c captoken -n "__fish_captoken_using_subcommand verify" -l json -d 'Print one JSON object, also on failure; after a usage error, nothing'
complete -c captoken -n "__fish_captoken_using_subcommand verify" -l quiet -d 'Print no warnings; --json still lists them'
complete -c captoken -n "__fish_captoken_using_subcommand verify" -s h -l help -d 'Print help'
complete -c captoken -n "__fish_captoken_using_subcommand mint" -l api-key -d 'API key that signs; makes an access token' -r
complete -c captoken -n "__fish_captoken_using_subcommand mint" -l region -d 'Twilio region of an access token, such as ie1' -r
complete -c captoken -n "__fish_captoken_using_subcommand mint" -l allow-incoming -d 'Allow calls to this client name' -r
complete -c captoken -n "__fish_captoken_using_subcommand mint" -l allow-outgoing -d 'Allow calls to this TwiML application' -r
complete -c captoken -n "__fish_captoken_using_subcommand mint" -l param -d 'Parameter for the application; may be repeated' -r
complete -c captoken -n "__fish_captoken_using_subcommand mint" -l client-name -d 'Client name of outgoing calls, or identity' -r
complete -c captoken -n "__fish_captoken_using_subcommand mint" -l push-credential -d 'Credential of push notifications about calls, for phones' -r
complete -c captoken -n "__fish_captoken_using_subcommand mint" -l grant -d 'Other grant of an access token; may be repeated' -r
complete -c captoken -n "__fish_captoken_using_subcommand mint" -l filter -d 'Filter of the events; may be repeated' -r
complete -c captoken -n "__fish_captoken_using_subcommand mint" -l claim -d 'Private claim, such as \'user="x"\'; may be repeated' -r
complete -c captoken -n "__fish_captoken_using_subcommand mint" -l not-before -d 'Start of validity, in seconds since 1970 UTC' -r
complete -c captoken -n "__fish_captoken_using_subcommand mint" -l request -d 'JSON request of cap_mint(); - is standard input' -r -F
complete -c captoken -n "__fish_captoken_using_subcommand mint" -l ttl -d 'Time to live, at most a day' -r
complete -c captoken -n "__fish_captoken_using_subcommand mint" -l now -d 'Time instead of the clock\'s, in seconds since 1970 UTC' -r
complete -c captoken -n "__fish_captoken_using_subcommand mint" -l auth-token-file -d 'File with the auth token; - is standard input; a final line break is dropped' -r -F
complete -c captoken -n "__fish_captoken_using_subcommand mint" -l api-key-secret-file -d 'The same for the secret of the API key' -r -F
complete -c captoken -n "__fish_captoken_using_subcommand mint" -l account -d 'Account SID' -r
complete -c captoken -n "__fish_captoken_using_subcommand mint" -l event-stream -d 'Allow following the account\'s events'
complete -c captoken -n "__fish_captoken_using_subcommand mint" -l json -d 'Print one JSON object, also on failure; after a usage error, nothing'
complete -c captoken -n "__fish_captoken_using_subcommand mint" -l quiet -d 'Print no warnings; --json still lists them'
complete -c captoken -n "__fish_captoken_using_subcommand mint" -s h -l help -d 'Print help'
