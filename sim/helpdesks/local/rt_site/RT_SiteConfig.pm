# Request Tracker's settings of the desk: everything that differs from desk to desk is in its settings.json.
use JSON ();

my $desk = do {
    open my $file, '<', "$ENV{SIM_DESK}/settings.json" or die "settings.json: $!";
    local $/;
    JSON::decode_json(<$file>);
};
my $port = $desk->{ports}{server};
( my $comment = $desk->{to} ) =~ s/@/-comment@/;

Set( $rtname, 'desk.test' );
Set( $Organization, 'desk.test' );
Set( $WebDomain, '127.0.0.1' );
Set( $WebPort, $port );
Set( $WebBaseURL, "http://127.0.0.1:$port" );
Set( $WebPath, '' );
Set( $Timezone, 'UTC' );
Set( $DatabaseType, 'SQLite' );
Set( $DatabaseName, "$ENV{SIM_DESK}/desk.sqlite3" );
Set( $WebSessionClass, 'Apache::Session::File' );
Set( $LogToSyslog, undef );
Set( $LogToSTDERR, 'error' );

# the system's own folders for these belong to its web server
$RT::MasonDataDir = "$ENV{SIM_DESK}/mason";
$RT::MasonSessionDir = "$ENV{SIM_DESK}/sessions";

# all mail goes to the desk's mailbox, whatever mail server the machine has
Set( $MailCommand, 'sendmailpipe' );
Set( $SendmailPath, '/usr/bin/msmtp' );
Set( $SendmailArguments, "-C $ENV{SIM_DESK}/msmtprc -t -oi" );
Set( $CorrespondAddress, $desk->{to} );
Set( $CommentAddress, $comment );
Set( $OwnerEmail, 'root@desk.test' );
Set( $RTAddressRegexp, '^support(-comment)?\@desk\.test$' );

# the default of 12 costs 0.2 s of processor time on every request that brings a token
Set( $BcryptCost, 4 );
# no further process for each mail, as with w3m
Set( $HTMLFormatter, 'core' );

1;
